global using System.Text.Json.Nodes;
global using Strongroom.Conformance.Tests.Drivers;
global using Strongroom.Conformance.Tests.Server;
global using Xunit;

[assembly: AssemblyFixture(typeof(SharedServer))]
