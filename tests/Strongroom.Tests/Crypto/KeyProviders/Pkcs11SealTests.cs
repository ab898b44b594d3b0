using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;

namespace Strongroom.Tests.Crypto.KeyProviders;

public sealed class Pkcs11SealTests : IDisposable
{
    private static readonly Guid Installation = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly byte[] RootKey = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private readonly string directory = Directory.CreateTempSubdirectory("strongroom-pkcs11-").FullName;
    private readonly string token = SoftHsm.NewToken();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Pkcs11SealOptions Options => new(SoftHsm.Module) { Token = token, Pin = PinOf(SoftHsm.Pin) };

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_root_key_comes_back_under_a_key_that_the_seal_made()
    {
        var seal = Seal(Options);
        await seal.EnsureKeyAsync(Ct);

        var wrapped = await WrapAsync(seal);
        using var opened = await Seal(Options).UnwrapAsync(wrapped, Ct);

        Assert.Equal(RootKey, opened.Reveal().ToArray());
        Assert.Equal("SRRP\u0001"u8.ToArray(), wrapped[..5]);
        Assert.Equal(65, wrapped.Length);
        Assert.NotEqual(wrapped, await WrapAsync(seal));
    }

    [Fact]
    public async Task The_blob_is_that_of_another_implementation()
    {
        var vector = Vectors.Read("root-key-pkcs11.json");
        InToken(session =>
        {
            var make = Pkcs11Token.Factories.ObjectAttributeFactory;
            session.CreateObject(
            [
                make.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY), make.Create(CKA.CKA_KEY_TYPE, CKK.CKK_AES), make.Create(CKA.CKA_LABEL, "vector"),
                make.Create(CKA.CKA_TOKEN, true), make.Create(CKA.CKA_PRIVATE, true), make.Create(CKA.CKA_SENSITIVE, true), make.Create(CKA.CKA_EXTRACTABLE, false),
                make.Create(CKA.CKA_ENCRYPT, true), make.Create(CKA.CKA_DECRYPT, true), make.Create(CKA.CKA_VALUE, vector.Hex("tokenKey")),
            ]);
        });
        var seal = new Pkcs11Seal(Options with { KeyLabel = "vector" }, Guid.Parse(vector.Text("installation")), new TapeEntropy(vector.Hex("nonce")));

        using var opened = await seal.UnwrapAsync(vector.Hex("sealed"), Ct);

        Assert.Equal(vector.Hex("rootKey"), opened.Reveal().ToArray());
        Assert.Equal(vector.Hex("sealed"), await seal.WrapAsync(opened, Ct));
    }

    [Fact]
    public async Task The_key_is_made_once_and_cannot_leave_the_token()
    {
        var seal = Seal(Options);
        await seal.EnsureKeyAsync(Ct);
        var wrapped = await WrapAsync(seal);
        await seal.EnsureKeyAsync(Ct);
        (await seal.UnwrapAsync(wrapped, Ct)).Dispose();

        InToken(session =>
        {
            var key = Assert.Single(session.FindAllObjects([Pkcs11Token.Factories.ObjectAttributeFactory.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY)]));
            CKA[] asked = [CKA.CKA_SENSITIVE, CKA.CKA_EXTRACTABLE, CKA.CKA_PRIVATE, CKA.CKA_TOKEN, CKA.CKA_WRAP, CKA.CKA_UNWRAP];
            Assert.Equal([true, false, true, true, false, false], session.GetAttributeValue(key, [.. asked]).Select(a => a.GetValueAsBool()));
            Assert.True(session.GetAttributeValue(key, [CKA.CKA_VALUE])[0].CannotBeRead);
        });
    }

    [Fact]
    public async Task Every_flipped_byte_and_another_installation_are_refused_as_a_wrong_key()
    {
        var seal = Seal(Options);
        await seal.EnsureKeyAsync(Ct);
        var wrapped = await WrapAsync(seal);

        foreach (var i in new[] { 0, 4, 5, 16, 17, 48, 49, 64 })
        {
            var flipped = wrapped.ToArray();
            flipped[i] ^= 1;
            var refusal = await Assert.ThrowsAsync<SealException>(async () => await seal.UnwrapAsync(flipped, Ct));
            Assert.Equal(i == 4 ? SealFailure.Unusable : SealFailure.WrongKey, refusal.Failure);
        }

        var elsewhere = new Pkcs11Seal(Options, Guid.Empty, SystemEntropy.Instance);
        Assert.Equal(SealFailure.WrongKey, (await Assert.ThrowsAsync<SealException>(async () => await elsewhere.UnwrapAsync(wrapped, Ct))).Failure);
        await Assert.ThrowsAsync<SealException>(async () => await seal.UnwrapAsync(wrapped.AsMemory(1), Ct));
    }

    [Fact]
    public async Task Another_key_in_the_token_does_not_open_the_data()
    {
        var seal = Seal(Options);
        var other = Seal(Options with { KeyLabel = "other" });
        await seal.EnsureKeyAsync(Ct);
        await other.EnsureKeyAsync(Ct);

        var wrapped = await WrapAsync(seal);
        var refusal = await Assert.ThrowsAsync<SealException>(async () => await other.UnwrapAsync(wrapped, Ct));

        Assert.Equal(SealFailure.WrongKey, refusal.Failure);
        Assert.Contains("not the one this data was sealed with", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_key_is_named_and_not_made_for_existing_data() =>
        await AssertRefusedAsync(Options with { KeyLabel = "absent" }, SealFailure.Unusable, "no AES key labelled 'absent'");

    [Fact]
    public async Task A_wrong_pin_is_sent_once_and_never_shown()
    {
        var seal = Seal(Options with { Pin = PinOf("wrong-pin-canary") });

        var refusal = await Assert.ThrowsAsync<SealException>(async () => await seal.EnsureKeyAsync(Ct));

        Assert.Equal(SealFailure.Unusable, refusal.Failure);
        Assert.Contains("does not accept the user PIN", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", refusal.ToString(), StringComparison.Ordinal);
        await Seal(Options).EnsureKeyAsync(Ct); // the right one still opens it
    }

    [Theory]
    [InlineData(true, false, false, null)]
    [InlineData(true, false, true, "lock itself after one more")]
    [InlineData(true, true, false, "is locked")]
    [InlineData(true, true, true, "is locked")]
    [InlineData(false, false, false, "no user PIN yet")]
    public void The_last_attempt_that_a_token_allows_is_not_made(bool isInitialized, bool isLocked, bool isFinalTry, string? refusal)
    {
        var said = Pkcs11Pin.Refusal(isInitialized, isLocked, isFinalTry, "'t'");
        if (refusal is null)
            Assert.Null(said);
        else
            Assert.Contains(refusal, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_module_that_is_missing_or_none_is_refused()
    {
        await AssertRefusedAsync(Options with { Module = "/nowhere/libhsm.so" }, SealFailure.Unusable, "There is no PKCS#11 module /nowhere/libhsm.so");
        var text = Path.Combine(directory, "text.so");
        await File.WriteAllTextAsync(text, "no library", Ct);
        await AssertRefusedAsync(Options with { Module = text }, SealFailure.Unusable, "can't be loaded");
    }

    [Fact]
    public async Task A_token_that_is_not_there_may_come_back()
    {
        var seal = Seal(Options);
        await seal.EnsureKeyAsync(Ct);
        SoftHsm.DeleteToken(token);

        var refusal = await Assert.ThrowsAsync<SealException>(async () => await WrapAsync(seal));

        Assert.True(refusal.IsOutage);
        Assert.Contains($"no PKCS#11 token '{token}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_found_by_its_slot()
    {
        ulong slot = 0;
        InToken(session => slot = session.GetSessionInfo().SlotId);
        var bySlot = Seal(Options with { Token = null, Slot = slot });
        await bySlot.EnsureKeyAsync(Ct);

        (await Seal(Options).UnwrapAsync(await WrapAsync(bySlot), Ct)).Dispose();
        await AssertRefusedAsync(Options with { Slot = slot + 1 }, SealFailure.OutOfReach, "no PKCS#11 token");
    }

    [Fact]
    public async Task Keys_of_the_same_label_are_told_by_their_id()
    {
        await Seal(Options with { KeyId = [1] }).EnsureKeyAsync(Ct);
        await Seal(Options with { KeyId = [2] }).EnsureKeyAsync(Ct);

        await AssertRefusedAsync(Options, SealFailure.Unusable, "seal-pkcs11-key-id");
        var wrapped = await WrapAsync(Seal(Options with { KeyId = [1] }));
        (await Seal(Options with { KeyId = [1] }).UnwrapAsync(wrapped, Ct)).Dispose();
        await Assert.ThrowsAsync<SealException>(async () => await Seal(Options with { KeyId = [2] }).UnwrapAsync(wrapped, Ct));
    }

    [Fact]
    public async Task A_key_that_may_leave_the_token_is_refused()
    {
        InToken(session =>
        {
            var make = Pkcs11Token.Factories.ObjectAttributeFactory;
            session.GenerateKey(Pkcs11Token.Factories.MechanismFactory.Create(CKM.CKM_AES_KEY_GEN),
            [
                make.Create(CKA.CKA_LABEL, "loose"), make.Create(CKA.CKA_TOKEN, true), make.Create(CKA.CKA_VALUE_LEN, 32UL), make.Create(CKA.CKA_ENCRYPT, true),
                make.Create(CKA.CKA_DECRYPT, true), make.Create(CKA.CKA_SENSITIVE, true), make.Create(CKA.CKA_EXTRACTABLE, true),
            ]);
        });

        await AssertRefusedAsync(Options with { KeyLabel = "loose" }, SealFailure.Unusable, "may be read out of it");
    }

    [Fact]
    public async Task A_session_that_is_lost_is_opened_again()
    {
        var losses = 0;
        var seal = new Pkcs11Seal(Options, Installation, SystemEntropy.Instance)
        {
            BeforeKeyIsUsed = held =>
            {
                if (losses++ == 0)
                    held.Slot.CloseAllSessions();
            },
        };
        await seal.EnsureKeyAsync(Ct);

        var wrapped = await WrapAsync(seal);

        Assert.Equal(2, losses);
        (await Seal(Options).UnwrapAsync(wrapped, Ct)).Dispose();
    }

    [Fact]
    public async Task A_session_that_is_lost_again_and_again_is_an_outage()
    {
        var seal = new Pkcs11Seal(Options, Installation, SystemEntropy.Instance) { BeforeKeyIsUsed = held => held.Slot.CloseAllSessions() };
        await seal.EnsureKeyAsync(Ct);

        Assert.True((await Assert.ThrowsAsync<SealException>(async () => await WrapAsync(seal))).IsOutage);
    }

    [Fact]
    public async Task The_pin_comes_from_a_private_file()
    {
        var path = Path.Combine(directory, "pin");
        var fromFile = Options with { Pin = null, PinFile = path };
        await AssertRefusedAsync(fromFile, SealFailure.Unusable, "is missing");

        await File.WriteAllTextAsync(path, SoftHsm.Pin + "\n", Ct);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        await AssertRefusedAsync(fromFile, SealFailure.Unusable, $"chmod 600 {path}");

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await Seal(fromFile).EnsureKeyAsync(Ct);
    }

    private static Pkcs11Seal Seal(Pkcs11SealOptions options) => new(options, Installation, SystemEntropy.Instance);

    private static SecretBytes PinOf(string pin) => SecretBytes.CopyFrom(System.Text.Encoding.UTF8.GetBytes(pin));

    private static async Task<byte[]> WrapAsync(Pkcs11Seal seal)
    {
        using var rootKey = SecretBytes.CopyFrom(RootKey);
        return await seal.WrapAsync(rootKey, Ct);
    }

    private static async Task AssertRefusedAsync(Pkcs11SealOptions options, SealFailure failure, string text)
    {
        var refusal = await Assert.ThrowsAsync<SealException>(async () => await WrapAsync(Seal(options)));
        Assert.Contains(text, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(failure, refusal.Failure);
    }

    private void InToken(Action<ISession> act)
    {
        using var library = Pkcs11Token.Factories.Pkcs11LibraryFactory.LoadPkcs11Library(Pkcs11Token.Factories, SoftHsm.Module, AppType.MultiThreaded);
        var slot = library.GetSlotList(SlotsType.WithTokenPresent).Single(s => s.GetTokenInfo().Label.TrimEnd() == token);
        using var session = slot.OpenSession(SessionType.ReadWrite);
        session.Login(CKU.CKU_USER, SoftHsm.Pin);
        act(session);
    }
}
