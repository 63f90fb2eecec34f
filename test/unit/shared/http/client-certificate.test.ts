import { describe, expect, it } from 'vitest';
import { tlsOptionsOf } from '#shared/http/client-certificate.ts';
import { Secret } from '#shared/secret.ts';

describe('a client certificate in TLS options', () => {
  it('contains the bytes of a PKCS#12 file, with its passphrase', () => {
    const base64 = new Secret(Buffer.from([1, 2, 255]).toString('base64'));
    expect(tlsOptionsOf({ form: 'pkcs12', base64, passphrase: new Secret('p') })).toEqual({
      pfx: Buffer.from([1, 2, 255]),
      passphrase: 'p',
      maxVersion: 'TLSv1.2',
    });
  });

  it('contains PEM texts, in TLS 1.2 as well, because a server that requests it late can only renegotiate there', () => {
    expect(tlsOptionsOf({ form: 'pem', certificate: 'c', privateKey: new Secret('k') })).toEqual({
      cert: 'c',
      key: 'k',
      maxVersion: 'TLSv1.2',
    });
  });
});
