import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Document, parseDocument } from 'yaml';
import { parseConfig } from '#shared/config/load.ts';
import { problemsOf } from '#test/unit/shared/config/support.ts';

const EXAMPLE = readFileSync(new URL('../../../../examples/webhooks.yaml', import.meta.url), 'utf8');
const WEBHOOK = ['webhooks', 'servicenow'];

const problemsAfter = (change: (config: Document) => void): string[] => {
  const document = parseDocument(EXAMPLE);
  change(document);
  return problemsOf(String(document)).map((problem) => problem.replace(/^relay\.yaml:\d+:\d+ /, ''));
};
const set = (path: readonly string[], value: unknown) => (config: Document) =>
  config.setIn([...WEBHOOK, ...path], config.createNode(value));

const without = (setting: string) => (config: Document) => config.deleteIn([...WEBHOOK, setting]);

describe('a webhook', () => {
  it('of the example has no problem', () => {
    expect(problemsAfter(() => {})).toEqual([]);
  });

  it.each<[string, (config: Document) => void, string]>([
    [
      'an unknown rule',
      set(['checkout'], 'chnges'),
      '.checkout: there is no checkout "chnges"; did you mean "changes"?',
    ],
    ['no signature', set(['signature'], { type: 'none' }), '.signature.type: '],
    [
      'labels that address no item',
      set(['ticket', 'items', 'labels'], { systemName: '/cmdb_ci' }),
      '.ticket.items.labels: the items of the checkout "changes" must be addressed by systemName and accountName only',
    ],
    [
      'a signing key as the name of its secret',
      set(['signature', 'keys'], `whsec_${'A'.repeat(32)}`),
      '.signature.keys: is a key',
    ],
    ['a key instead of the name of its secret', set(['signature', 'keys'], 'whsec_ secret'), '.signature.keys: '],
    [
      'a signature without a time, and a counter',
      set(['signature'], { type: 'hmac-sha256', keys: 'webhooks/servicenow' }),
      '.ticket.position: the signature hmac-sha256 covers no time',
    ],
    [
      'a pointer without a slash',
      set(['ticket', 'number'], 'number'),
      '.ticket.number: is not valid; use a JSON pointer',
    ],
    ['a time zone that does not exist', set(['ticket', 'timeZone'], 'Mars'), '.ticket.timeZone: '],
    ['a state that asks for something unknown', set(['ticket', 'states'], { done: 'shut' }), '.ticket.states.done: '],
    [
      'comments, but no ticket system',
      without('ticketSystem'),
      '.comments: needs a ticket system; write ticketSystem:',
    ],
    ['looks, but no ticket system', without('ticketSystem'), '.looksEveryMinutes: needs a ticket system'],
    ['an unknown ticket system', set(['ticketSystem'], 'desk'), '.ticketSystem: there is no ticket system "desk"'],
    ['more items than a message may have', set(['ticket', 'items', 'max'], 21), '.ticket.items.max: '],
  ])('with %s is refused with the fix', (_what, change, problem) => {
    expect(problemsAfter(change)).toContainEqual(expect.stringContaining(`webhooks.servicenow${problem}`));
  });

  it('has the settings of its preset, each of which can be replaced', () => {
    const document = parseDocument(EXAMPLE);
    set(['ticket', 'states'], { '3': 'close' })(document);
    const { ticket } = parseConfig(String(document), { file: 'relay.yaml' }).webhooks['servicenow'] ?? {};
    expect(ticket).toMatchObject({
      number: '/number',
      states: { '3': 'close' },
      onlyIf: { '/approval': 'approved' },
      closeIf: {},
      sendNumber: true,
    });
  });

  it.each<[string, (config: Document) => void, string]>([
    ['no state that closes', set(['ticket', 'states'], { '-1': 'open' }), 'servicenow.ticket: no state closes'],
    ['states of a preset for another field', set(['ticket', 'state'], '/u_state'), 'servicenow.ticket: the states are'],
    [
      'the header of GitHub for Jira',
      (config) => {
        set(['ticket', 'preset'], 'jira')(config);
        set(['ticket', 'states'], { '1': 'close' })(config);
        set(['ticket', 'until'], '/due')(config);
        set(['signature'], { type: 'hmac-sha256', keys: 'webhooks/jira' })(config);
      },
      'servicenow.signature: Jira signs in another header',
    ],
    [
      'the API of another ticket system',
      (config) => {
        const jira = { type: 'jira', url: 'https://example.atlassian.net', credentials: 'tickets/jira' };
        config.setIn(['ticketSystems', 'servicenow'], config.createNode(jira));
      },
      'servicenow.ticketSystem: the tickets do not seem to be of jira',
    ],
    [
      'a ticket system that is used for nothing',
      (config) => {
        set(['comments'], false)(config);
        config.deleteIn([...WEBHOOK, 'looksEveryMinutes']);
      },
      'servicenow.ticketSystem: is used for nothing',
    ],
  ])('with %s is accepted with a warning', (_what, change, warning) => {
    const document = parseDocument(EXAMPLE);
    const warningsOf = (): string[] => {
      const warnings: string[] = [];
      parseConfig(String(document), { file: 'relay.yaml' }, undefined, (line) => warnings.push(line));
      return warnings;
    };
    expect(warningsOf()).toEqual([]);
    change(document);
    expect(warningsOf()).toContainEqual(expect.stringContaining(warning));
  });

  it('that only closes needs no time', () => {
    const problems = problemsAfter((config) => {
      set(['signature'], { type: 'hmac-sha256', keys: 'webhooks/servicenow' })(config);
      set(['ticket', 'states'], { Closed: 'close' })(config);
    });
    expect(problems).toEqual([]);
  });

  const UNSIGNED = { type: 'header', keys: 'webhooks/servicenow' };
  const DOMAIN = {
    name: 'hooks.example.com',
    certificate: `arn:aws:acm:eu-central-1:${'1'.repeat(12)}:certificate/0a`,
  };
  const CERTIFICATES = { bucket: 'acme-truststores', key: 'truststore.pem' };

  it.each<[string, object | undefined, string[]]>([
    ['no domain', undefined, ['add webhookDomain: {']],
    ['a domain without client certificates', DOMAIN, ['add clientCertificates: {']],
    ['a domain with client certificates', { ...DOMAIN, clientCertificates: CERTIFICATES }, []],
  ])('that cannot sign needs a client certificate: %s', (_what, domain, fixes) => {
    const problems = problemsAfter((config) => {
      set(['signature'], UNSIGNED)(config);
      set(['ticket', 'position'], { time: '/sys_updated_on' })(config);
      if (domain !== undefined) config.set('webhookDomain', config.createNode(domain));
    });
    expect(problems).toEqual(
      fixes.map((fix) => expect.stringMatching(`^webhooks.servicenow.signature.type: .*${fix.replaceAll('{', '\\{')}`)),
    );
  });

  it('has keys of its own', () => {
    const problems = problemsAfter((config) => {
      config.setIn(['webhooks', 'other'], config.createNode(config.getIn(WEBHOOK)));
    });
    expect(problems).toEqual([
      'webhooks.other.signature.keys: has the same keys as the webhook "servicenow", so a request for one would be accepted by the other; use a secret of its own',
    ]);
  });
});
