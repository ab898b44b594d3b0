using Strongroom.Server.Rotation.BuiltIn.Databases;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>Lines as MySQL and MariaDB document them for SHOW GRANTS.</summary>
public sealed class MySqlGrantsTests
{
    [Theory]
    [InlineData("GRANT USAGE ON *.* TO `app`@`%`", "GRANT USAGE ON *.* TO @clone")]
    [InlineData("GRANT SELECT ON `shop`.* TO 'app'@'%' WITH GRANT OPTION", "GRANT SELECT ON `shop`.* TO @clone")]
    [InlineData("GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9' REQUIRE SSL", "GRANT USAGE ON *.* TO @clone")]
    [InlineData("GRANT SELECT ON `a TO b`.`c`` TO d` TO `app`@`%`", "GRANT SELECT ON `a TO b`.`c`` TO d` TO @clone")]
    [InlineData("GRANT SELECT (`x TO y`) ON \"a\"\" TO b\".* TO \"app\"@\"%\"", "GRANT SELECT (`x TO y`) ON \"a\"\" TO b\".* TO @clone")]
    [InlineData("GRANT `reader`@`%` TO `app`@`%`", "GRANT `reader`@`%` TO @clone")]
    [InlineData("REVOKE INSERT ON `a FROM b`.* FROM `app`@`%`", "REVOKE INSERT ON `a FROM b`.* FROM @clone")]
    [InlineData("SET DEFAULT ROLE `reader` FOR `app`@`%`", "SET DEFAULT ROLE `reader` FOR @clone")]
    public void A_line_becomes_a_statement_for_the_clone(string line, string statement) => Assert.Equal([statement], MySqlGrants.For([line]));

    [Theory]
    [InlineData("GRANT SELECT ON `never TO closed")]
    [InlineData("DROP TABLE x TO y")]
    [InlineData("")]
    public void What_is_no_grant_is_left_out(string line) => Assert.Empty(MySqlGrants.For([line]));
}
