import { Agent } from 'undici';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import type { PasswordSafeSimulator } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { cookieOf, makeCaller, psAuth, requestFor } from '#test/contract/simulators/password-safe/site.ts';

/** Opens a request with this reason as the relay's user and signs out, like a run that failed before its check-in. */
export const leaveOpen = async (
  { url, caPem }: Pick<PasswordSafeSimulator, 'url' | 'caPem'>,
  account: FleetAccount,
  reason: string,
): Promise<void> => {
  const agent = new Agent({ connect: { ca: caPem } });
  try {
    const headers = { authorization: psAuth(DEFAULT_APPLICATION) };
    const signedIn = await makeCaller(url, agent, {}).call('POST', 'Auth/SignAppIn', { headers });
    const caller = makeCaller(url, agent, { cookie: cookieOf(signedIn) });
    const { status } = await caller.post('Requests', requestFor(account, { Reason: reason }));
    if (status !== 201) throw new Error(`The request was answered with ${status}.`);
    await caller.post('Auth/Signout', {});
  } finally {
    await agent.close();
  }
};
