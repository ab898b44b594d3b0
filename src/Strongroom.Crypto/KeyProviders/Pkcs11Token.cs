using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;

namespace Strongroom.Crypto.KeyProviders;

/// <summary>A token with a session that the user is logged in to, for one use.</summary>
internal sealed class Pkcs11Token : IDisposable
{
    /// <summary>The way to everything of Pkcs11Interop: whoever takes another would find it unable to load a module on most Linux systems.</summary>
    internal static readonly Pkcs11InteropFactories Factories = LoadFactories();

    private readonly Pkcs11SealOptions options;
    private readonly IPkcs11Library library;
    private readonly ISession session;

    private Pkcs11Token(Pkcs11SealOptions options, IPkcs11Library library, ISlot slot, ISession session) =>
        (this.options, this.library, Slot, this.session) = (options, library, slot, session);

    public ISlot Slot { get; }

    /// <exception cref="SealException">No module, no token, or the PIN must not be tried.</exception>
    /// <exception cref="Pkcs11Exception">What the token says.</exception>
    public static Pkcs11Token Open(Pkcs11SealOptions options, SessionType type)
    {
        var library = Load(options.Module);
        ISession? session = null;
        try
        {
            var slot = FindSlot(library, options);
            if (!slot.GetMechanismList().Contains(CKM.CKM_AES_GCM))
                throw new SealException($"The PKCS#11 token {options.TokenName} has no AES-GCM (CKM_AES_GCM), which the seal needs. Use another token.");

            var flags = slot.GetTokenInfo().TokenFlags;
            session = slot.OpenSession(type);
            if (flags.LoginRequired)
            {
                if (Pkcs11Pin.Refusal(flags, options.TokenName) is { } refusal)
                    throw new SealException(refusal);
                LogIn(session, options);
            }

            return new Pkcs11Token(options, library, slot, session);
        }
        catch
        {
            Close(session);
            library.Dispose();
            throw;
        }
    }

    /// <returns>Null when there is none.</returns>
    /// <exception cref="SealException">Several fit, or the key may leave the token.</exception>
    public IObjectHandle? FindKey()
    {
        var found = session.FindAllObjects(Identity());
        if (found.Count == 0)
            return null;
        if (found.Count > 1)
        {
            throw new SealException(
                $"The PKCS#11 token {options.TokenName} has {found.Count} AES keys labelled '{options.KeyLabel}'. Tell which one with seal-pkcs11-key-id.");
        }

        var attributes = session.GetAttributeValue(found[0], [CKA.CKA_SENSITIVE, CKA.CKA_EXTRACTABLE]);
        if (!attributes[0].GetValueAsBool() || attributes[1].GetValueAsBool())
        {
            throw new SealException(
                $"The key '{options.KeyLabel}' in the PKCS#11 token {options.TokenName} may be read out of it. The seal wants one that is sensitive and not "
                + "extractable: name another label with seal-pkcs11-key, and Strongroom makes it.");
        }

        return found[0];
    }

    public void MakeKey()
    {
        var make = Factories.ObjectAttributeFactory;
        session.GenerateKey(Factories.MechanismFactory.Create(CKM.CKM_AES_KEY_GEN),
        [
            .. Identity(),
            make.Create(CKA.CKA_TOKEN, true),
            make.Create(CKA.CKA_PRIVATE, true),
            make.Create(CKA.CKA_SENSITIVE, true),
            make.Create(CKA.CKA_EXTRACTABLE, false),
            make.Create(CKA.CKA_ENCRYPT, true),
            make.Create(CKA.CKA_DECRYPT, true),
            make.Create(CKA.CKA_WRAP, false),
            make.Create(CKA.CKA_UNWRAP, false),
            make.Create(CKA.CKA_VALUE_LEN, (ulong)CipherPool.KeyBytes),
        ]);
    }

    public byte[] Encrypt(IObjectHandle key, byte[] nonce, byte[] associatedData, byte[] plaintext)
    {
        using var gcm = Gcm(nonce, associatedData);
        return session.Encrypt(Factories.MechanismFactory.Create(CKM.CKM_AES_GCM, gcm), key, plaintext);
    }

    public byte[] Decrypt(IObjectHandle key, byte[] nonce, byte[] associatedData, byte[] sealedText)
    {
        using var gcm = Gcm(nonce, associatedData);
        return session.Decrypt(Factories.MechanismFactory.Create(CKM.CKM_AES_GCM, gcm), key, sealedText);
    }

    public void Dispose()
    {
        Close(session);
        library.Dispose();
    }

    private static Net.Pkcs11Interop.HighLevelAPI.MechanismParams.ICkGcmParams Gcm(byte[] nonce, byte[] associatedData) =>
        Factories.MechanismParamsFactory.CreateCkGcmParams(nonce, (ulong)nonce.Length * 8, associatedData, CipherPool.TagBytes * 8);

    private List<IObjectAttribute> Identity()
    {
        var make = Factories.ObjectAttributeFactory;
        List<IObjectAttribute> identity =
        [
            make.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY), make.Create(CKA.CKA_KEY_TYPE, CKK.CKK_AES), make.Create(CKA.CKA_LABEL, options.KeyLabel),
        ];
        if (options.KeyId is { } id)
            identity.Add(make.Create(CKA.CKA_ID, id));
        return identity;
    }

    private static Pkcs11InteropFactories LoadFactories()
    {
        // Pkcs11Interop calls dlopen in "libdl", a name that on Linux only development packages install.
        if (OperatingSystem.IsLinux())
        {
            NativeLibrary.SetDllImportResolver(typeof(Pkcs11InteropFactories).Assembly, static (name, _, _) =>
                name == "libdl" && (NativeLibrary.TryLoad("libdl.so.2", out var library) || NativeLibrary.TryLoad("libc", out library)) ? library : 0);
        }

        return new Pkcs11InteropFactories();
    }

    private static IPkcs11Library Load(string module)
    {
        try
        {
            return Factories.Pkcs11LibraryFactory.LoadPkcs11Library(Factories, module, AppType.MultiThreaded);
        }
        catch (Exception e) when (e is UnmanagedException or LibraryArchitectureException)
        {
            throw new SealException(
                File.Exists(module)
                    ? $"The PKCS#11 module {module} can't be loaded: {e.Message} Check that it is a PKCS#11 library for this kind of machine, and that what it needs is installed."
                    : $"There is no PKCS#11 module {module}. Install the token's library, or set seal-pkcs11-module to where it is.", e);
        }
    }

    private static ISlot FindSlot(IPkcs11Library library, Pkcs11SealOptions options)
    {
        var present = library.GetSlotList(SlotsType.WithTokenPresent)
            .Select(slot => (Slot: slot, Info: slot.GetTokenInfo())).Where(s => s.Info.TokenFlags.TokenInitialized).ToList();
        var fitting = present.Where(s => (options.Token is null || s.Info.Label.TrimEnd() == options.Token) && (options.Slot is null || s.Slot.SlotId == options.Slot)).ToList();
        return fitting switch
        {
            [var one] => one.Slot,
            [] => throw new SealException(
                $"There is no PKCS#11 token {options.TokenName}; "
                + (present.Count == 0 ? "no token is present. " : $"present are {string.Join(", ", present.Select(s => $"'{s.Info.Label.TrimEnd()}' in slot {s.Slot.SlotId}"))}. ")
                + "Connect the token, or correct seal-pkcs11-token and seal-pkcs11-slot.")
            { Failure = SealFailure.OutOfReach },
            _ => throw new SealException($"Several PKCS#11 tokens are called {options.TokenName}. Tell which one with seal-pkcs11-slot."),
        };
    }

    private static void LogIn(ISession session, Pkcs11SealOptions options)
    {
        using var pin = Pkcs11Pin.Read(options);
        var bytes = GC.AllocateUninitializedArray<byte>(pin.Length, pinned: true);
        try
        {
            pin.Reveal().CopyTo(bytes);
            session.Login(CKU.CKU_USER, bytes);
        }
        catch (Pkcs11Exception e) when (e.RV == CKR.CKR_USER_ALREADY_LOGGED_IN)
        {
            // Sessions of one program share their login.
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static void Close(ISession? session)
    {
        try
        {
            session?.Dispose(); // closing the last session logs the user out
        }
        catch (Pkcs11Exception)
        {
            // The session was lost already; that is why it is closed.
        }
    }
}
