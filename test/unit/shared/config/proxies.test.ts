import { describe, expect, it } from 'vitest';
import { parseConfig } from '#shared/config/load.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const BOOTSTRAP_LINE = 7;
const withProxy = (proxy: string) =>
  configWith({ [BOOTSTRAP_LINE]: ['      bootstrapSecret: bootstrap/vault', `    proxy: ${proxy}`] });

describe('the proxy of a connection', () => {
  it.each([
    ['http://proxy.corp:3128', 'http://proxy.corp:3128'],
    ['http://proxy.corp:3128/', 'http://proxy.corp:3128'],
    ['http://10.0.0.1', 'http://10.0.0.1'],
  ])('can be %s', (written, url) => {
    const { connections } = parseConfig(withProxy(`{ url: "${written}" }`), { file: 'relay.yaml' });
    expect(connections['vault']?.proxy).toEqual({ url });
  });

  it.each([
    ['{ url: proxy.corp }', 'use the http address of the proxy, such as http://proxy.corp:3128'],
    ['{ url: "https://proxy.corp" }', 'use the http address of the proxy'],
    ['{ url: "socks5://proxy.corp" }', 'use the http address of the proxy'],
    ['{ url: "http://relay:canary@proxy.corp:3128" }', 'any user and password, which belong into the secret'],
    ['{ url: "http://proxy.corp:3128/path" }', 'remove everything after the port'],
    ['{ url: "http://proxy.corp:3128/?a=canary" }', 'remove everything after the port'],
    ['{ url: "http://proxy.corp", secret: "arn:aws:x" }', 'use the name of a Secrets Manager secret'],
    ['{ secret: bootstrap/proxy }', 'is missing'],
  ])('is refused with the fix and without its value: %s', (written, fix) => {
    const problems = problemsOf(withProxy(written));
    expect(problems).toEqual([expect.stringContaining(fix)]);
    expect(problems.join()).not.toContain('canary');
  });

  it.each([
    ['proxies/corp', 'proxies', 'could overwrite the secret of the proxy proxies/corp'],
    ['pam-relay/pam-relay/token/proxy', 'fleet', 'where the relay keeps its tokens'],
  ])('has its secret %s outside of the folders that the relay writes', (secret, folder, problem) => {
    const text = withProxy(`{ url: "http://proxy.corp:3128", secret: ${secret} }`).replace(
      'name: fleet/',
      `name: ${folder}/`,
    );
    expect(problemsOf(text)).toContainEqual(expect.stringContaining(problem));
  });
});
