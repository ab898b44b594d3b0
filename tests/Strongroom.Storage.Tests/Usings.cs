global using Strongroom.Crypto;
global using Strongroom.Storage.Tests.Postgres;
global using Xunit;

[assembly: AssemblyFixture(typeof(PostgresFixture))]
