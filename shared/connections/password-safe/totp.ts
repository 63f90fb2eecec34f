import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';

/** A seed as authenticators are given it: base32, in groups or not, or an `otpauth://totp/…` address around it. */
export const TOTP_SEED = /^(otpauth:\/\/totp\/\S+|[a-z2-7][a-z2-7 -]*=*)$/i;

/**
 * The code that an authenticator with this seed shows at a time, RFC 6238. Repeatable. Raises `BootstrapUnusable` for an
 * `otpauth://` address that can not be read.
 */
export const totpCode = async (seed: Secret, atMs: number): Promise<Secret> => {
  // Few vaults challenge anybody.
  const { TOTP, URI } = await import('otpauth');
  const text = seed.reveal();
  try {
    const totp = /^otpauth:/i.test(text) ? URI.parse(text) : new TOTP({ secret: text.replace(/[\s-]/g, '') });
    if (totp instanceof TOTP) return new Secret(totp.generate({ timestamp: atMs }));
  } catch {
    // The library's own error may quote the seed.
  }
  throw new RelayError(
    'BootstrapUnusable',
    'totpSeed in the bootstrap secret is neither base32 nor an otpauth://totp/ address that can be read. Copy it from where the second factor of the user was set up.',
  );
};
