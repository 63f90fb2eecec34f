import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { Secret } from '#shared/secret.ts';
import { standardWebhooks } from '#shared/webhooks/schemes/standard-webhooks.ts';

const SCRIPT = readFileSync(new URL('../../../examples/servicenow-webhook.js', import.meta.url), 'utf8');
const KEY = Buffer.alloc(32, 9).toString('base64');

/** Runs the script for a record, in place of an instance. Returns what it sends. */
const send = (record: Readonly<Record<string, string | null>>) => {
  const sent = { endpoint: '', method: '', body: '', headers: {} as Record<string, string>, times: 0 };
  const properties: Readonly<Record<string, string>> = {
    'pam_relay.url': 'https://hooks.example.com/servicenow',
    'pam_relay.key': KEY,
  };
  runInNewContext(SCRIPT, {
    current: {
      getValue: (field: string) => record[field] ?? null,
      getDisplayValue: (field: string) => record[field] ?? '',
      getUniqueValue: () => '0123456789abcdef0123456789abcdef',
    },
    gs: { getProperty: (name: string) => properties[name] },
    CertificateEncryption: class {
      generateMac(key: string, algorithm: string, data: string): string {
        expect(algorithm).toBe('HmacSHA256');
        return createHmac('sha256', Buffer.from(key, 'base64')).update(data, 'latin1').digest('base64');
      }
    },
    sn_ws: {
      RESTMessageV2: class {
        setEndpoint(url: string): void {
          sent.endpoint = url;
        }
        setHttpMethod(method: string): void {
          sent.method = method;
        }
        setRequestHeader(name: string, value: string): void {
          sent.headers[name.toLowerCase()] = value;
        }
        setRequestBody(body: string): void {
          sent.body = body;
        }
        executeAsync(): void {
          sent.times++;
        }
      },
    },
  });
  return sent;
};

const CHANGE = {
  number: 'CHG0031201',
  sys_mod_count: '7',
  sys_updated_on: '2026-03-01 07:00:00',
  state: '-1',
  approval: 'approved',
  start_date: '2026-03-01 08:00:00',
  end_date: '2026-03-01 10:00:00',
  short_description: 'Patch',
  cmdb_ci: 'db-01',
};

describe('the script for the administrator of ServiceNow', () => {
  it('sends a change once, in plain ASCII, which the relay and the published library verify', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const change = { ...CHANGE, short_description: `\${name} ${text}` };
        const { endpoint, method, body, headers, times } = send(change);
        expect([endpoint, method, times]).toEqual(['https://hooks.example.com/servicenow', 'post', 1]);
        expect(body).toMatch(/^[\x20-\x23\x25-\x7e]*$/);
        expect(JSON.parse(body)).toEqual(change);
        expect(new Webhook(`whsec_${KEY}`).verify(body, headers)).toEqual(change);
        const received = { headers, body: Buffer.from(body) };
        const verdict = standardWebhooks.verify(received, [new Secret(`whsec_${KEY}`)], Date.now());
        expect(verdict.verified).toBe(true);
      }),
    );
  });

  it('uses no syntax that is younger than the engine of an instance', () => {
    expect(SCRIPT).not.toMatch(/\b(?:const|let|class|async)\s|=>|`|,\s*\)/);
  });
});
