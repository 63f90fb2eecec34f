import { describe, expect, it } from 'vitest';
import type { FailedExchange } from '#shared/http/exchange.ts';
import { brokenError, type Side } from '#shared/http/failures.ts';

const explain = (broken: Partial<FailedExchange>, idempotent = false, side: Side = 'vault') =>
  brokenError(
    { kind: 'broken', by: 'connection', reached: 'nothing', code: undefined, ...broken },
    {
      call: { connection: 'corp-vault', name: 'GET Requests', idempotent },
      side,
      host: 'pam.example.com',
      timeoutSeconds: 30,
      maxBytes: 100,
    },
  );

describe('the error for a broken exchange', () => {
  it.each([
    ['ENOTFOUND', /host name cannot be resolved/],
    ['EAI_AGAIN', /host name cannot be resolved/],
    ['ECONNREFUSED', /refuses connections/],
    ['UND_ERR_CONNECT_TIMEOUT', /cannot be reached.*firewall/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /not trusted\. Set ca in relay\.yaml/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /not trusted\. Set ca in relay\.yaml/],
    ['CERT_HAS_EXPIRED', /Renew it/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /another name/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', /TLS 1.2/],
    ['UND_ERR_SOCKET', /connection broke/],
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', /TLS 1.2.*authentication\.clientCertificate/],
    ['ECONNRESET', /connection broke.*authentication\.clientCertificate/],
    [undefined, /no code/],
  ])('describes the fix for %s', (code, advice) => {
    const error = explain({ code });
    expect(error).toMatchObject({ name: 'VaultUnavailable', mayHaveHappened: false });
    expect(error.message).toMatch(advice);
    expect(error.message).toContain('corp-vault: GET Requests to pam.example.com');
  });

  it.each([
    'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  ])('is final if the other side refused our certificate in TLS: %s', (code) => {
    expect(explain({ code, reached: 'request' })).toMatchObject({
      name: 'SignInRefused',
      retryable: false,
      message: expect.stringContaining('authentication.clientCertificate'),
    });
  });

  it('about a store names it, and mentions no client certificate, which only a vault can ask for', () => {
    for (const code of [
      'ENOTFOUND',
      'ECONNRESET',
      'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
      'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
    ]) {
      const error = explain({ code }, true, 'store');
      expect(error.name).toBe('StoreUnavailable');
      expect(error.message).not.toMatch(/vault |clientCertificate/);
    }
  });

  it('may have happened only if the call was sent and is not idempotent', () => {
    for (const by of ['deadline', 'size', 'connection'] as const) {
      expect(explain({ by, reached: 'nothing' }).mayHaveHappened).toBe(false);
      expect(explain({ by, reached: 'request' }).mayHaveHappened).toBe(true);
      expect(explain({ by, reached: 'answer' }).mayHaveHappened).toBe(true);
      expect(explain({ by, reached: 'answer' }, true).mayHaveHappened).toBe(false);
    }
  });
});
