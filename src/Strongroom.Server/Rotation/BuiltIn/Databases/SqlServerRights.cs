namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>
/// Queries whose rows are statements that give <c>@clone</c> what <c>@original</c> has; a row without a statement is a right of a kind that none is known
/// for, named in its second column. The catalog's own words have a collation of their own, so that one is said. Source: API fact sheet 4.9; SQL Server's sys.database_permissions.
/// </summary>
internal static class SqlServerRights
{
    public const string Roles = """
        SELECT CAST(N'ALTER ROLE ' + QUOTENAME(r.name) + N' ADD MEMBER ' + QUOTENAME(@clone) AS nvarchar(4000)), CAST(r.name AS nvarchar(256))
        FROM sys.database_role_members m JOIN sys.database_principals r ON r.principal_id = m.role_principal_id
        WHERE m.member_principal_id = USER_ID(@original)
        """;

    public const string OfDatabase = """
        SELECT CAST(CASE p.state WHEN 'D' THEN N'DENY ' ELSE N'GRANT ' END + p.permission_name COLLATE DATABASE_DEFAULT
            + CASE p.class
                WHEN 0 THEN N''
                WHEN 1 THEN N' ON OBJECT::' + QUOTENAME(OBJECT_SCHEMA_NAME(p.major_id)) + N'.' + QUOTENAME(OBJECT_NAME(p.major_id))
                    + CASE p.minor_id WHEN 0 THEN N'' ELSE N' (' + QUOTENAME(COL_NAME(p.major_id, p.minor_id)) + N')' END
                WHEN 3 THEN N' ON SCHEMA::' + QUOTENAME(SCHEMA_NAME(p.major_id))
                WHEN 4 THEN (SELECT CASE q.type WHEN 'R' THEN N' ON ROLE::' WHEN 'A' THEN N' ON APPLICATION ROLE::' ELSE N' ON USER::' END + QUOTENAME(q.name)
                    FROM sys.database_principals q WHERE q.principal_id = p.major_id)
                WHEN 5 THEN (SELECT N' ON ASSEMBLY::' + QUOTENAME(a.name) FROM sys.assemblies a WHERE a.assembly_id = p.major_id)
                WHEN 6 THEN (SELECT N' ON TYPE::' + QUOTENAME(SCHEMA_NAME(t.schema_id)) + N'.' + QUOTENAME(t.name) FROM sys.types t WHERE t.user_type_id = p.major_id)
                WHEN 10 THEN (SELECT N' ON XML SCHEMA COLLECTION::' + QUOTENAME(SCHEMA_NAME(x.schema_id)) + N'.' + QUOTENAME(x.name)
                    FROM sys.xml_schema_collections x WHERE x.xml_collection_id = p.major_id)
                WHEN 24 THEN (SELECT N' ON SYMMETRIC KEY::' + QUOTENAME(k.name) FROM sys.symmetric_keys k WHERE k.symmetric_key_id = p.major_id)
                WHEN 25 THEN (SELECT N' ON CERTIFICATE::' + QUOTENAME(c.name) FROM sys.certificates c WHERE c.certificate_id = p.major_id)
                WHEN 26 THEN (SELECT N' ON ASYMMETRIC KEY::' + QUOTENAME(k.name) FROM sys.asymmetric_keys k WHERE k.asymmetric_key_id = p.major_id)
              END
            + N' TO ' + QUOTENAME(@clone) + CASE p.state WHEN 'W' THEN N' WITH GRANT OPTION' ELSE N'' END AS nvarchar(4000)),
            CAST(p.permission_name + N' on ' + p.class_desc COLLATE DATABASE_DEFAULT AS nvarchar(256))
        FROM sys.database_permissions p
        WHERE p.grantee_principal_id = USER_ID(@original) AND p.state <> 'R'
        """;

    public const string OfServer = """
        SELECT CAST(CASE p.state WHEN 'D' THEN N'DENY ' ELSE N'GRANT ' END + p.permission_name COLLATE DATABASE_DEFAULT + CASE p.class WHEN 100 THEN N'' END
            + N' TO ' + QUOTENAME(@clone) + CASE p.state WHEN 'W' THEN N' WITH GRANT OPTION' ELSE N'' END AS nvarchar(4000)),
            CAST(p.permission_name + N' on ' + p.class_desc COLLATE DATABASE_DEFAULT AS nvarchar(256))
        FROM sys.server_permissions p
        WHERE p.grantee_principal_id = SUSER_ID(@original) AND p.state <> 'R'
        """;
}
