import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';

/** A seed in the form for authenticators: base32, grouped or not, or an `otpauth://totp/…` address that contains it. */
export const TOTP_SEED = /^(otpauth:\/\/totp\/\S+|[a-z2-7][a-z2-7 -]*=*)$/i;

/**
 * Returns the code of the seed at a time (RFC 6238). Repeatable. Raises `BootstrapUnusable` for an unreadable
 * `otpauth://` address.
 */
export const totpCode = async (seed: Secret, atMs: number): Promise<Secret> => {
  // Imported on demand, because few vaults send challenges.
  const { TOTP, URI } = await import('otpauth');
  const text = seed.reveal();
  try {
    const totp = /^otpauth:/i.test(text) ? URI.parse(text) : new TOTP({ secret: text.replace(/[\s-]/g, '') });
    if (totp instanceof TOTP) return new Secret(totp.generate({ timestamp: atMs }));
  } catch {
    // The library's error may quote the seed.
  }
  throw new RelayError(
    'BootstrapUnusable',
    'totpSeed in the bootstrap secret is neither base32 nor a readable otpauth://totp/ address. Copy it from the second-factor setup of the user.',
  );
};
