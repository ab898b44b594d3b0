using System.Text;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Server.Functions;

/// <summary>There are no credentials to call a function with. The message says why and holds none.</summary>
internal sealed class CredentialsException(string message) : Exception(message);

/// <summary>Where the credentials are that calls to a function are signed with: in a file, or in variables of this server's environment.</summary>
internal abstract record InvokerCredentials
{
    private InvokerCredentials()
    {
    }

    /// <exception cref="CredentialsException">They are not there.</exception>
    public abstract SigV4Credentials Read();

    /// <summary>A profile of a file in AWS's shared-credentials format, mode 0600. Read for each call, so that whoever renews them need tell nobody.</summary>
    public sealed record InFile(string Path, string Profile) : InvokerCredentials
    {
        private const int MaxBytes = 64 << 10;

        public override SigV4Credentials Read()
        {
            var text = new byte[MaxBytes];
            try
            {
                var length = PrivateFile.Read($"credentials file {Path}", Path, text, "Make it, or name another as credentialsFile.");
                return Parse(Encoding.UTF8.GetString(text, 0, length));
            }
            catch (SealException e)
            {
                throw new CredentialsException(e.Message);
            }
            finally
            {
                Array.Clear(text);
            }
        }

        private SigV4Credentials Parse(string text)
        {
            var values = new Dictionary<string, string>(StringComparer.Ordinal);
            var isOurs = false;
            foreach (var line in text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] is not ('#' or ';')))
            {
                if (line[0] == '[')
                    isOurs = line.Trim('[', ']').Trim() == Profile;
                else if (isOurs && line.Split('=', 2) is [var name, var value])
                    values[name.Trim()] = value.Trim();
            }

            return values.TryGetValue("aws_access_key_id", out var id) && values.TryGetValue("aws_secret_access_key", out var secret)
                ? new SigV4Credentials(id, secret, values.GetValueOrDefault("aws_session_token"))
                : throw new CredentialsException($"{Path} has no aws_access_key_id and aws_secret_access_key in the profile [{Profile}].");
        }
    }

    /// <param name="SessionToken">Null for a key of a user.</param>
    public sealed record InEnvironment(string AccessKeyId, string SecretAccessKey, string? SessionToken) : InvokerCredentials
    {
        public override SigV4Credentials Read() => new(Find(AccessKeyId), Find(SecretAccessKey), SessionToken is null ? null : Find(SessionToken));

        private static string Find(string name) =>
            Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : throw new CredentialsException($"The environment variable {name} is not set.");
    }
}
