import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type JiraSimulator, startJira } from '#local/simulators/ticket-systems/jira.ts';
import type { DeskServer } from '#local/simulators/ticket-systems/server.ts';
import { type ServiceNowSimulator, startServiceNow } from '#local/simulators/ticket-systems/servicenow.ts';
import { createHttp } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';
import { createJira } from '#shared/ticket-systems/jira.ts';
import { createServiceNow } from '#shared/ticket-systems/servicenow.ts';

const RIGHT = 'Basic cmVsYXk6c2VjcmV0';
const LIMITS = { inFlight: 4, perSecond: 1000, timeoutSeconds: 5 };

let authorization: string;
beforeEach(() => {
  authorization = RIGHT;
});
const contextOf = ({ url, caPem }: DeskServer) => ({
  http: createHttp({
    connection: 'ticket system desk',
    side: 'ticket-system' as const,
    url,
    ca: caPem,
    limits: LIMITS,
    sleep: async () => {},
  }),
  readCredentials: async () => new Secret(authorization),
});

describe('ServiceNow', () => {
  let desk: ServiceNowSimulator;
  beforeAll(async () => {
    desk = await startServiceNow({ authorizations: [RIGHT] });
  });
  afterAll(() => desk.close());
  const system = () => createServiceNow({ table: 'change_request' }, contextOf(desk));

  it('shows the fields of a change as values, with the counter of its changes', async () => {
    desk.set('CHG1', { state: '-1' });
    desk.set('CHG1', { state: '3' });
    expect(await system().read('CHG1')).toMatchObject({ number: 'CHG1', state: '3', sys_mod_count: '1' });
    expect(await system().read('CHG2')).toBeUndefined();
  });

  it('gets a comment as a work note, in which no mark makes the text HTML', async () => {
    desk.set('CHG3', { state: '-1' });
    await system().comment('CHG3', 'opened for [code]<b>db</b>[/CODE]');
    expect(desk.workNotes('CHG3')).toEqual(['opened for (code)<b>db</b>(/code)']);
  });

  it('says that a comment has no ticket', async () => {
    await expect(system().comment('CHG9', 'opened')).rejects.toMatchObject({
      name: 'TicketSystemRefused',
      message: expect.stringContaining('CHG9'),
    });
  });
});

describe('Jira', () => {
  let desk: JiraSimulator;
  beforeAll(async () => {
    desk = await startJira({ authorizations: [RIGHT] });
    desk.set('OPS-1', { updated: '2026-03-01T08:00:00.123+0530', status: { id: '5' } });
  });
  afterAll(() => desk.close());
  const system = (serviceProject = true) => createJira({ serviceProject }, contextOf(desk));

  it('shows an issue as its webhook does, at the time of its last change', async () => {
    expect(await system().read('OPS-1')).toEqual({
      timestamp: Date.UTC(2026, 2, 1, 2, 30, 0, 123),
      issue: { id: '10001', key: 'OPS-1', fields: expect.objectContaining({ status: { id: '5' } }) },
    });
    expect(await system().read('OPS-9')).toBeUndefined();
  });

  it('gets a comment that customers do not see, unless it has none', async () => {
    await system().comment('OPS-1', 'internal');
    await system(false).comment('OPS-1', 'visible');
    expect(desk.comments('OPS-1')).toEqual([
      { text: 'internal', isPublic: false },
      { text: 'visible', isPublic: true },
    ]);
  });

  it('refuses an answer without a date', async () => {
    desk.failing.push({ status: 200, body: { key: 'OPS-1', fields: { updated: 'yesterday' } } });
    await expect(system().read('OPS-1')).rejects.toMatchObject({ name: 'AnswerMalformed' });
  });

  it.each([
    [401, 'TicketSystemDenied', false, 1],
    [403, 'TicketSystemRefused', false, 1],
    [400, 'TicketSystemRefused', false, 1],
    [302, 'TicketSystemRefused', false, 1],
    [429, 'TicketSystemUnavailable', true, 3],
    [503, 'TicketSystemUnavailable', true, 3],
  ] as const)('means by %i on a read: %s', async (status, name, retryable, calls) => {
    const before = desk.audit.length;
    desk.failing.push(...Array.from({ length: calls }, () => ({ status })));
    await expect(system().read('OPS-1')).rejects.toMatchObject({ name, retryable });
    expect(desk.audit.length - before).toBe(calls);
    expect(desk.failing).toEqual([]);
  });

  it('gets no second comment after an answer that could have had an effect', async () => {
    const before = desk.audit.length;
    desk.failing.push({ status: 503 });
    await expect(system().comment('OPS-1', 'once')).rejects.toMatchObject({ name: 'TicketSystemUnavailable' });
    expect(desk.audit.length - before).toBe(1);
  });

  it('asks for other credentials once', async () => {
    authorization = 'Bearer old';
    const before = desk.audit.length;
    await expect(system().read('OPS-1')).rejects.toMatchObject({
      name: 'TicketSystemDenied',
      message: expect.not.stringContaining('old'),
    });
    expect(desk.audit.length - before).toBe(1);
  });
});
