using System.Collections.Frozen;

namespace Strongroom.Server.Iam;

/// <summary>A policy that AWS keeps, shipped with the program; nobody can change it.</summary>
/// <param name="Id">Ours: AWS's ids of these policies are not published. Stable.</param>
internal sealed record AwsManagedPolicy(string Path, string Name, string Id, string VersionId, string Description, string Document)
{
    /// <summary>Ours too: that of AWS's oldest. What matters is that it never moves.</summary>
    public static DateTimeOffset CreatedAt { get; } = new(2015, 2, 6, 18, 39, 46, TimeSpan.Zero);

    public string Arn => $"arn:aws:iam::aws:policy{Path}{Name}";
}

/// <summary>
/// The AWS managed policies that people attach for the services served here, reduced to the actions of these services: what is left out could
/// match nothing. Source: IAM fact sheet 6.7.
/// </summary>
internal static class AwsManagedPolicies
{
    public static IReadOnlyList<AwsManagedPolicy> All { get; } =
    [
        new("/", "AdministratorAccess", "ANPAADMINISTRATORACCE", "v1", "Provides full access to AWS services and resources.",
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"""),

        new("/", "PowerUserAccess", "ANPAPOWERUSERACCESS22", "v12", "Provides full access to AWS services and resources, but does not allow management of Users and groups.",
            """
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},
              {"Effect":"Allow","Action":["iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles"],"Resource":"*"}]}
            """),

        new("/", "ReadOnlyAccess", "ANPAREADONLYACCESS222", "v188", "Provides read-only access to AWS services and resources.",
            """
            {"Version":"2012-10-17","Statement":[{"Sid":"ReadOnlyActions","Effect":"Allow","Action":[
              "cloudtrail:Describe*","cloudtrail:Get*","cloudtrail:List*","cloudtrail:LookupEvents",
              "iam:Generate*","iam:Get*","iam:List*","iam:Simulate*",
              "kms:Describe*","kms:Get*","kms:List*",
              "secretsmanager:Describe*","secretsmanager:GetResourcePolicy","secretsmanager:List*",
              "sts:GetAccessKeyInfo","sts:GetCallerIdentity","sts:GetSessionToken"],"Resource":"*"}]}
            """),

        new("/", "SecurityAudit", "ANPASECURITYAUDIT2222", "v92", "The security audit template grants access to read security configuration metadata. It is useful for software that audits the configuration of an AWS account.",
            """
            {"Version":"2012-10-17","Statement":[{"Sid":"BaseSecurityAuditStatement","Effect":"Allow","Action":[
              "cloudtrail:LookupEvents",
              "iam:Generate*","iam:Get*","iam:List*","iam:Simulate*Policy",
              "kms:Describe*","kms:Get*","kms:List*",
              "secretsmanager:DescribeSecret","secretsmanager:GetResourcePolicy","secretsmanager:ListSecrets","secretsmanager:ListSecretVersionIds",
              "sts:GetAccessKeyInfo"],"Resource":"*"}]}
            """),

        new("/", "IAMFullAccess", "ANPAIAMFULLACCESS2222", "v2", "Provides full access to IAM via the AWS Management Console.",
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*"],"Resource":"*"}]}"""),

        new("/", "IAMReadOnlyAccess", "ANPAIAMREADONLYACCESS", "v4", "Provides read only access to IAM via the AWS Management Console.",
            """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[
              "iam:GenerateCredentialReport","iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*",
              "iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],"Resource":"*"}]}
            """),

        new("/", "SecretsManagerReadWrite", "ANPASECRETSMANAGERRW2", "v5", "Provides read/write access to AWS Secrets Manager via the AWS Management Console.",
            """
            {"Version":"2012-10-17","Statement":[
              {"Sid":"BasePermissions","Effect":"Allow","Action":[
                "secretsmanager:*","kms:DescribeKey","kms:ListAliases","kms:ListKeys","lambda:ListFunctions","tag:GetResources"],"Resource":"*"},
              {"Sid":"LambdaPermissions","Effect":"Allow","Action":[
                "lambda:AddPermission","lambda:CreateFunction","lambda:GetFunction","lambda:InvokeFunction","lambda:UpdateFunctionConfiguration"],
               "Resource":"arn:aws:lambda:*:*:function:SecretsManager*"}]}
            """),

        new("/", "AWSSecretsManagerClientReadOnlyAccess", "ANPASECRETSCLIENTREAD", "v4", "Provides read only access to AWS Secrets Manager secrets, for use by applications.",
            """
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Action":["secretsmanager:GetSecretValue","secretsmanager:DescribeSecret"],"Resource":"arn:aws:secretsmanager:*:*:secret:*"},
              {"Effect":"Allow","Action":["secretsmanager:BatchGetSecretValue","secretsmanager:ListSecrets"],"Resource":"*"},
              {"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:*:*:key/*","Condition":{"StringLike":{
                "kms:EncryptionContext:SecretARN":"arn:aws:secretsmanager:*:*:secret:*","kms:ViaService":"secretsmanager.*.amazonaws.com"}}}]}
            """),

        new("/", "AWSKeyManagementServicePowerUser", "ANPAKMSPOWERUSER22222", "v2", "Provides access to AWS Key Management Service (KMS).",
            """
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[
              "kms:CreateAlias","kms:CreateKey","kms:DeleteAlias","kms:Describe*","kms:GenerateRandom","kms:Get*","kms:List*","kms:TagResource","kms:UntagResource",
              "iam:ListGroups","iam:ListRoles","iam:ListUsers"],"Resource":"*"}]}
            """),

        new("/", "AWSCloudTrail_ReadOnlyAccess", "ANPACLOUDTRAILREAD222", "v1", "Provides read only access to AWS CloudTrail.",
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudtrail:Get*","cloudtrail:Describe*","cloudtrail:List*","cloudtrail:LookupEvents"],"Resource":"*"}]}"""),

        new("/service-role/", "AWSLambdaBasicExecutionRole", "ANPALAMBDABASICEXEC22", "v1", "Provides write permissions to CloudWatch Logs.",
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"""),
    ];

    public static AwsManagedPolicy? Find(string arn) => ByArn.GetValueOrDefault(arn);

    private static readonly FrozenDictionary<string, AwsManagedPolicy> ByArn = All.ToFrozenDictionary(policy => policy.Arn, StringComparer.Ordinal);
}
