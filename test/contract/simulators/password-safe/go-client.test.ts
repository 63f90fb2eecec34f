import { Agent } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { APPLICATION, cookieOf, makeCaller, psAuth, startSite, type TestSite } from './site.ts';

/**
 * The calls of the vendor's Go client, byte for byte as far as a site can observe. docs/emulated.md explains why they
 * replace it. Source: BeyondTrust/go-client-library-passwordsafe, api/{authentication,managed_account,utils}.
 */
const goClient = async (site: TestSite, signInWith: string, tokenType: string) => {
  const { simulator } = site;
  // TLS 1.2 and HTTP/1.1, whatever the site supports.
  const agent = new Agent({ connect: { ca: simulator.caPem, maxVersion: 'TLSv1.2' }, allowH2: false });
  onTestFinished(() => agent.destroy());
  const always = { 'user-agent': 'Go-http-client/1.1', 'content-type': 'application/json' };
  const anonymous = makeCaller(simulator.url, agent, always);

  const { clientId, clientSecret } = APPLICATION.oauth;
  const form = new URLSearchParams({
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'client_credentials',
  });
  const getToken = async (): Promise<string> => {
    const sent = { headers: { 'content-type': tokenType }, body: String(form) };
    const { access_token: token } = JSON.parse((await anonymous.call('POST', 'Auth/connect/token', sent)).text);
    return `Bearer ${token}`;
  };
  const authorization = signInWith === 'oauth' ? await getToken() : psAuth(APPLICATION);
  const signedIn = await anonymous.call('POST', 'Auth/SignAppIn', { headers: { authorization }, body: '' });

  // From here on, the cookie jar alone authenticates.
  const caller = makeCaller(simulator.url, agent, { ...always, cookie: cookieOf(signedIn) });
  return {
    getSecret: async (systemName: string, accountName: string): Promise<string> => {
      // Sorted by name, blanks as plus signs.
      const found = await caller.call('GET', `ManagedAccounts?${new URLSearchParams({ accountName, systemName })}`);
      const { SystemId, AccountId } = JSON.parse(found.text);
      const body = `{"SystemID":${SystemId}, "AccountID":${AccountId}, "DurationMinutes":5, "Reason":"Tesr", "ConflictOption": "reuse"}`;
      const { text: requestId } = await caller.call('POST', 'Requests', { body });
      const { text: secret } = await caller.call('GET', `Credentials/${requestId}`);
      const { status } = await caller.call('PUT', `Requests/${requestId}/checkin`, { body: '{}' });
      expect(status).toBeLessThan(400);
      return JSON.parse(secret);
    },
    signOut: () => caller.call('POST', 'Auth/Signout', { body: '' }),
  };
};

test.each([
  ['oauth', 'application/x-www-form-urlencoded'],
  // As its versions before GetTokenDetails say, of the same form.
  ['oauth', 'application/json'],
  ['an API key', 'application/x-www-form-urlencoded'],
])('the Go client fetches credentials, signing in by %s (%s)', async (signInWith, tokenType) => {
  const site = await startSite();
  const client = await goClient(site, signInWith, tokenType);
  for (const { systemName, accountName, credential, kind } of site.simulator.accounts()) {
    if (kind === 'plain' || kind === 'odd-credential' || kind === 'odd-name') {
      expect(await client.getSecret(systemName, accountName)).toBe(credential);
    }
  }
  expect((await client.signOut()).status).toBe(200);
  expect(site.simulator.openRequests()).toEqual([]);
  expect(site.simulator.openSessions()).toEqual([]);
});
