import { describe, expect, it } from 'vitest';
import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import type { SraOptions } from '#local/simulators/sra/server.ts';
import { FORM, fleetOf, START, startSite, VAULT } from './site.ts';

const DAY_MS = 86_400_000;
const SINCE = `start_time=${START / 1000}&duration=0`;

const reporting = async (options: SraOptions = {}) => {
  const fleet = fleetOf({ name: 'one <&"> of several', userName: 'root', type: 'username_password', changedAt: null });
  const site = await startSite({ fleet, ...options });
  const caller = await site.caller();
  const report = async (query: string) => (await caller.get(`/api/reporting?generate_report=${query}`)).text;
  const activity = (query: string) => report(`VaultAccountActivity&${query}`);
  const sessions = (query: string) => report(`AccessSession&${query}`);
  return { ...site, ...caller, id: fleet[0]?.id ?? 0, activity, sessions };
};

const errorIn = (text: string): string | undefined => text.match(/<error[^>]*>([^<]*)<\/error>/)?.[1];
const rowsIn = (text: string): string[] => text.match(/<vault_account_activity .*?<\/vault_account_activity>/g) ?? [];
const lsidsIn = (text: string): string[] => [...text.matchAll(/<session lsid="(\w+)"/g)].map(([, lsid = '']) => lsid);

describe('the activity report', () => {
  it('shows who did what to an account of this name, in whole seconds', async () => {
    const { activity, post, pass, id } = await reporting();
    pass(1999);
    await post(`${VAULT}/account/${id}/check-out`);
    const text = await activity(`start_time=${START / 1000}&duration=1`);
    expect(text).toContain(
      '<vault_account_activity_list xmlns="http://www.beyondtrust.com/sra/namespaces/API/reporting">',
    );
    expect(rowsIn(text)).toEqual([
      `<vault_account_activity timestamp="${START / 1000 + 1}" event_type="Credentials Checked Out" ` +
        'account="one &lt;&amp;&quot;&gt; of several"><performed_by id="1" type="API Account">pam-relay</performed_by>' +
        '</vault_account_activity>',
    ]);
  });

  it('says in an error with status 200 that it is empty, or that the question is wrong', async () => {
    const { simulator, activity, get } = await reporting();
    expect(errorIn(await activity(SINCE))).toMatch(/^No vault account activity matching/);
    simulator.switches.errorElement = 'child';
    expect(await activity(SINCE)).toMatch(/<vault_account_activity_list [^>]*><error>No vault/);
    for (const wrong of [
      'duration=0',
      `${SINCE}&end_time=1`,
      'start_time=x&duration=0',
      'start_time=1',
      `${SINCE}&limit=x`,
    ]) {
      expect(errorIn(await activity(wrong)), wrong).toMatch(/required|invalid/);
    }
    expect(await get('/api/reporting?generate_report=Nothing')).toMatchObject({ status: 200 });
  });

  it('is limited to a window, an account or a person', async () => {
    const { simulator, activity, pass, post, id } = await reporting();
    simulator.checkOutAs('dana', id);
    pass(DAY_MS);
    simulator.changeCredential(id);
    await post(`${VAULT}/account/${id}/force-check-in`);
    const count = async (query: string) => rowsIn(await activity(query)).length;
    expect(await count(`${SINCE}&limit=all`)).toBe(3);
    expect(await count(`start_date=2026-03-01&duration=1`)).toBe(1);
    expect(await count(`end_date=2026-03-02&duration=1`)).toBe(2);
    expect(await count(`start_time=${START / 1000}&duration=60`)).toBe(1);
    expect([await count(`${SINCE}&limit=rep:1`), await count(`${SINCE}&limit=rep:2`)]).toEqual([1, 1]);
    expect(await count(`${SINCE}&limit=account:${id}`)).toBe(3);
    expect(await count(`${SINCE}&limit=account:${id + 1}`)).toBe(0);
  });

  it('forgets events after ninety days, and shows late and unknown ones in their place', async () => {
    const { simulator, activity, pass, id } = await reporting();
    simulator.changeCredential(id);
    simulator.addEvent(id, 'Something New', { at: START - DAY_MS, performer: null, data: 'x' });
    const since = `start_time=0&duration=0`;
    expect((await activity(since)).match(/event_type="[^"]+"/g)).toEqual([
      'event_type="Something New"',
      'event_type="Password Changed"',
    ]);
    pass(90 * DAY_MS - 1);
    expect((await activity(since)).match(/event_type="[^"]+"/g)).toEqual(['event_type="Password Changed"']);
    pass(DAY_MS);
    expect(errorIn(await activity(since))).toMatch(/^No vault/);
  });

  it('takes a form, and leaves performers and data out where the switches say so', async () => {
    const { simulator, send, token, id } = await reporting({ switches: { performedBy: 'absent', data: 'absent' } });
    simulator.changeCredential(id);
    const authorization = `Bearer ${await token()}`;
    const body = `generate_report=VaultAccountActivity&${SINCE}`;
    const { text } = await send('POST', '/api/reporting', { headers: { ...FORM, authorization }, body });
    expect(text).toContain('account="one &lt;&amp;&quot;&gt; of several"/>');
    const multipart = { 'content-type': 'multipart/form-data; boundary=x', authorization };
    expect(errorIn((await send('POST', '/api/reporting', { headers: multipart, body })).text)).toMatch(/Multipart/);
  });

  it('does not exist without its permission, or with the XML API off', async () => {
    const { simulator, activity, get, send } = await reporting();
    const permissions = { ...DEFAULT_API_ACCOUNT.permissions, reportingVault: false };
    const { switches } = simulator;
    const path = `/api/reporting?generate_report=VaultAccountActivity&${SINCE}`;
    simulator.changeApiAccount(DEFAULT_API_ACCOUNT.clientId, { permissions });
    expect(await get(path)).toMatchObject({ status: 404, text: expect.stringContaining('Document not found') });
    switches.reportRefusal = 403;
    expect(await get(path)).toMatchObject({ status: 403 });
    switches.reportRefusal = 200;
    expect(errorIn(await activity(SINCE))).toBe('Document not found.');
    simulator.changeApiAccount(DEFAULT_API_ACCOUNT.clientId, { permissions: DEFAULT_API_ACCOUNT.permissions });
    Object.assign(switches, { reportRefusal: 404, xmlApi: 'off' });
    expect(await get(path)).toMatchObject({ status: 404 });
    expect(await get('/api/command/v2/info')).toMatchObject({ status: 403 });
    expect(await send('GET', path)).toMatchObject({ status: 401, json: { error: 'access_denied' } });
  });
});

describe('the session report', () => {
  it('shows sessions that run by their start, and those that ended by their end', async () => {
    const { simulator, sessions, activity, pass, id } = await reporting();
    const ended = simulator.startSession('dana', id);
    const running = simulator.startSession('lee', id);
    pass(60_000);
    simulator.endSession(ended.lsid);
    expect(await activity(SINCE)).toContain(`<data>${running.lsid}</data>`);
    expect(lsidsIn(await sessions(SINCE))).toEqual([ended.lsid, running.lsid]);
    expect(lsidsIn(await sessions(`end_time=${START / 1000}&duration=0`))).toEqual([ended.lsid]);
    expect(lsidsIn(await sessions(`lsids=${running.lsid},x`))).toEqual([running.lsid]);
    const one = await sessions(`lsid=${ended.lsid}`);
    expect(one).toContain(`<end_time timestamp="${START / 1000 + 60}">2026-03-01T12:01:00+00:00</end_time>`);
    expect(one).toContain('<duration>00:01:00</duration>');
    expect(await sessions(`lsid=${running.lsid}`)).not.toContain('end_time');
    pass(91 * DAY_MS);
    expect(lsidsIn(await sessions(`lsids=${ended.lsid},${running.lsid}`))).toEqual([running.lsid]);
    expect(errorIn(await sessions('lsid=x'))).toBe(
      'No Support report information matching your chosen criteria is available.',
    );
  });
});
