import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '#shared/config/load.ts';
import { readBundledConfig } from '#shared/config/runtime.ts';
import { CA_PEM, configWith } from '#test/unit/shared/config/support.ts';

describe('readBundledConfig', () => {
  let directory: string;
  const bundled = (content: string): URL => {
    const file = join(directory, 'relay.json');
    writeFileSync(file, content);
    return pathToFileURL(file);
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'relay-bundle-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('returns the configuration that was parsed before bundling, with the CA as PEM text', () => {
    const text = configWith({ 4: '    url: https://pam.example.com/BeyondTrust/api/public/v3/\n    ca: ca.pem' });
    const parsed = parseConfig(text, { file: 'relay.yaml', readFile: () => CA_PEM });
    expect(readBundledConfig(bundled(JSON.stringify(parsed)))).toEqual(parsed);
  });

  it.each([
    ['is not JSON', '{'],
    ['has another shape', '{"relay": "pam-relay"}'],
  ])('refuses a relay.json that %s', (_case, content) => {
    expect(() => readBundledConfig(bundled(content))).toThrow(
      expect.objectContaining({
        name: 'ConfigurationInvalid',
        message: expect.stringContaining('Deploy the stack again.'),
      }),
    );
  });

  it('refuses a sync without the value that the loader adds', () => {
    const { fleet, ...syncs } = parseConfig(configWith(), { file: 'relay.yaml' }).syncs;
    const without = {
      ...parseConfig(configWith(), { file: 'relay.yaml' }),
      syncs: { ...syncs, fleet: { ...fleet, value: undefined } },
    };
    expect(() => readBundledConfig(bundled(JSON.stringify(without)))).toThrow('Deploy the stack again.');
  });

  it('reads the file beside its own module, and reports a missing one', () => {
    expect(() => readBundledConfig()).toThrow(expect.objectContaining({ name: 'ConfigurationInvalid' }));
  });
});
