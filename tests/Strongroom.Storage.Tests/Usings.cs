global using Strongroom.Crypto;
global using Strongroom.Storage.Tests.Postgres;
global using Xunit;
using System.Runtime.Versioning;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

// File modes, signals, mounts: these tests run where the server runs.
[assembly: SupportedOSPlatform("linux")]
