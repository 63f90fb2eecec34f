import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import * as z from 'zod';
import { parseBootstrap } from '#shared/connections/password-safe/bootstrap.ts';
import { passwordSafeSettings } from '#shared/connections/password-safe/settings.ts';
import { Secret } from '#shared/secret.ts';

const page = readFileSync('docs/sign-in.md', 'utf8');
const settingsSchema = z.object({ authentication: z.unknown() });
const typeSchema = z.object({ authentication: z.object({ type: z.enum(['oauth', 'api-key']) }) });

interface Way {
  readonly title: string;
  readonly settings: string;
  readonly secrets: readonly string[];
}

const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'gm'))].map(([, block]) => block ?? '');

/** Settings that the page shows, each with the secrets below it. */
const ways: Way[] = page.split(/^(?=### )/m).flatMap((section) =>
  section
    .split(/^(?=```yml)/m)
    .slice(1)
    .map((part) => ({
      title: section.slice(4, section.indexOf('\n')),
      settings: blocks(part, 'yml').join(),
      secrets: blocks(part, 'json'),
    })),
);

describe('each way to sign in', () => {
  it('is on the page', () => {
    expect(new Set(ways.map(({ title }) => title))).toEqual(
      new Set(['OAuth', 'API key', 'API key of a user with a second factor', 'Client certificate']),
    );
  });

  it.each(ways)('by $title can be written as it is shown', ({ settings, secrets }) => {
    const parsed = settingsSchema.parse(parseYaml(settings));
    const entry = { type: 'password-safe', url: 'https://pam.example.com/api/public/v3', ...parsed };
    const { authentication } = passwordSafeSettings.parse(entry);
    const { type } = typeSchema.parse(parsed).authentication;
    expect(secrets.length).toBeGreaterThan(0);
    for (const secret of secrets) {
      if (authentication.clientCertificate === undefined) {
        expect(() => parseBootstrap(type, new Secret(secret), 'vault')).not.toThrow();
      } else {
        const known = ['pkcs12Base64', 'certificate', 'privateKey', 'passphrase'];
        expect(known).toEqual(expect.arrayContaining(Object.keys(JSON.parse(secret))));
      }
    }
  });
});
