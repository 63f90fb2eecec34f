import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from '#shared/config/load.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import { checkSizes } from '#shared/config/size-checks.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const base = parseConfig(configWith(), { file: 'relay.yaml' });
const { fleet } = base.syncs;
if (fleet === undefined) throw new Error('The base configuration has no sync fleet.');
const connectionAt = (port: number) => ({ ...base.connections['vault'], url: `https://pam.example.com:${port}/api` });

/** Syncs whose names begin with folders of this length. */
const syncs = (count: number, folderLength = 12) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `sync-${index}`,
      { ...fleet, name: `${String(index).padEnd(folderLength, 'f')}/{systemName}/{accountName}` },
    ]),
  );

const senders = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    role: `arn:aws:iam::111122223333:role/sender-${index}`,
    id: `AROA${String(index).padStart(12, '0')}`,
    mayRelease: false,
  }));

const ports = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`vault-${index}`, connectionAt(8000 + index)]));

const verified = (count: number) =>
  Object.fromEntries(Object.entries(syncs(count)).map(([name, sync]) => [name, { ...sync, verify: sync.schedule }]));

const refusals = (more: object): string[] =>
  checkSizes({ ...base, ...more }, REGISTERED_TYPES).map(({ path, message }) =>
    [path.join('.'), message].join(' ').trim(),
  );

describe('a configuration that fits into the limits of AWS', () => {
  it.each([
    ['78 syncs', { syncs: syncs(78) }],
    ['78 syncs with folders of 90 letters', { syncs: syncs(78, 90) }],
    ['25 syncs with folders of 490 letters', { syncs: syncs(25, 490) }],
    ['50 senders', { intake: { concurrency: 5, senders: senders(50) } }],
    [
      '60 ports, one of them for AWS',
      { connections: ports(59), network: { type: 'fixed-egress', cidr: '10.0.0.0/24' } },
    ],
  ])('is accepted: %s', (_what, more) => {
    expect(refusals(more)).toEqual([]);
  });
});

describe('a configuration that AWS would refuse', () => {
  it.each([
    [
      '152 syncs',
      { syncs: syncs(152) },
      [/^the stack needs 5\d\d resources, and CloudFormation accepts at most 500; split/],
    ],
    [
      '100 syncs with folders of 90 letters',
      { syncs: syncs(100, 90) },
      [
        /^the role of the function sync-retrieve needs 11 managed policies, and AWS accepts at most 10 .*shorter folders/,
      ],
    ],
    [
      '78 syncs with folders of 490 letters',
      { syncs: syncs(78, 490) },
      [/^the role of the function sync-retrieve needs/],
    ],
    ['115 verified syncs', { syncs: verified(115) }, [/^the stack needs 5\d\d resources/]],
    [
      '51 senders',
      { intake: { concurrency: 5, senders: senders(51) } },
      [/^intake\.senders has 51 roles .* at most 50 in/],
    ],
    [
      '61 ports in a network',
      { connections: ports(60), network: { type: 'fixed-egress', cidr: '10.0.0.0/24' } },
      [/^connections have 61 different ports, and a security group accepts at most 60/],
    ],
  ])('is refused with the number and the fix: %s', (_what, more, expected) => {
    const found = refusals(more);
    expect(found).toEqual(expected.map((message) => expect.stringMatching(message)));
  });

  it('is refused by the loader, after every other problem', () => {
    const text = stringify({ ...base, syncs: syncs(152) }, { aliasDuplicateObjects: false });
    expect(problemsOf(text)).toEqual([expect.stringContaining('relay.yaml:1:1 the whole file: the stack needs 5')]);
    expect(problemsOf(text.replace('connection: vault', 'connection: valt'))).toEqual([
      expect.stringContaining('did you mean "vault"?'),
    ]);
  });

  it('is one that is too large: fewer syncs or shorter folders are never refused where more are accepted', () => {
    const isRefused = (count: number, length: number) => refusals({ syncs: syncs(count, length) }).length > 0;
    const syncsCount = fc.integer({ min: 1, max: 200 });
    const folderLength = fc.integer({ min: 4, max: 500 });
    fc.assert(
      fc.property(syncsCount, folderLength, fc.nat(40), fc.nat(100), (count, length, more, longer) => {
        const refused = isRefused(count, length);
        if (count <= 20) expect(refused).toBe(false);
        if (count > 152) expect(refused).toBe(true);
        if (refused) expect(isRefused(count + more, length + longer)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});
