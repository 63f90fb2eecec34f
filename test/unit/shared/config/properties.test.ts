import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { buildRelaySchema } from '#shared/config/full-schema.ts';
import { parseConfig } from '#shared/config/load.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import { type RelayConfig, relayConfigSchema } from '#shared/config/schema.ts';
import { configMutations } from '#test/support/config-mutations.ts';
import { CA_PEM, configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const parse = (text: string): RelayConfig => parseConfig(text, { file: 'relay.yaml', readFile: () => CA_PEM });

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const globs = fc.array(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 3 });
const optional = { requiredKeys: [] };

const schedule = fc.record(
  {
    expression: fc.constantFrom('rate(1 minute)', 'rate(5 hours)', 'cron(0 3 * * ? *)'),
    timeZone: fc.constantFrom('UTC', 'Europe/Vienna'),
    flexibleMinutes: fc.integer({ min: 0, max: 60 }),
  },
  { requiredKeys: ['expression'] },
);

const connection = fc.record(
  {
    type: fc.constant('password-safe'),
    url: fc
      .record({ host: fc.domain(), base: fc.constantFrom('', '/BeyondTrust', '/a/b') })
      .map(({ host, base }) => `https://${host}${base}/api/public/v3`),
    authentication: fc.record({
      type: fc.constantFrom('oauth', 'api-key'),
      bootstrapSecret: fc.stringMatching(/^bootstrap\/[a-z]{1,9}$/),
    }),
    ca: fc.constantFrom('ca.pem', CA_PEM),
    limits: fc.record({ timeoutSeconds: fc.integer({ min: 1, max: 300 }) }, optional),
  },
  { requiredKeys: ['type', 'url', 'authentication'] },
);

const text = fc.string({ maxLength: 8 }).map((written) => written.replaceAll(/[{}]/g, '$&$&'));
/** Numbers that JSON keeps, without the negative zero, which it does not. */
const number = fc
  .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .filter((each) => !Object.is(each, -0) && (!Number.isInteger(each) || Number.isSafeInteger(each)));
const scalar = fc.oneof(text, number, fc.boolean(), fc.constant(null));
const field = fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), fc.dictionary(name, scalar, { maxKeys: 2 }));
const value = fc.oneof(
  text.map((before) => `${before}{credential}`),
  fc.dictionary(fc.stringMatching(/^[\w -]{1,8}$/), field).map((fields) => ({ ...fields, password: '{credential}' })),
);

const syncRest = fc.record(
  {
    select: fc.record({ systems: globs, accounts: globs, types: fc.subarray(['system', 'database']) }, optional),
    value,
    schedule,
    verify: schedule,
    orphans: fc.oneof(
      fc.constant({ policy: 'keep' }),
      fc.record(
        { policy: fc.constant('delete'), budget: fc.nat(1000), recoveryDays: fc.integer({ min: 7, max: 30 }) },
        { requiredKeys: ['policy'] },
      ),
    ),
    batchSize: fc.integer({ min: 1, max: 250 }),
  },
  { requiredKeys: ['schedule'] },
);

/** Valid configurations with one connection, one store and some syncs, each with its own folder. */
const validConfig = fc
  .record({
    names: fc.tuple(name, name),
    connection,
    syncs: fc.array(syncRest, { minLength: 1, maxLength: 3 }),
    rest: fc.record(
      { relay: name, logRetentionDays: fc.constantFrom(7, 731), network: fc.constant({ type: 'fixed-egress' }) },
      optional,
    ),
  })
  .map(({ names: [connectionName, storeName], syncs, rest, ...made }) => ({
    ...rest,
    connections: { [connectionName]: made.connection },
    stores: { [storeName]: { type: 'aws-secrets-manager' } },
    syncs: Object.fromEntries(
      syncs.map((sync, index) => [
        `sync-${index}`,
        { ...sync, connection: connectionName, stores: [storeName], name: `f${index}/{systemId}/{accountId}` },
      ]),
    ),
  }));

it('the loader parses any valid configuration, and parses its output to the same result', () => {
  fc.assert(
    fc.property(validConfig, (config) => {
      const parsed = parse(stringify(config));
      const written: unknown = JSON.parse(JSON.stringify(parsed));
      expect(relayConfigSchema.parse(written)).toEqual(parsed);
      expect(buildRelaySchema(REGISTERED_TYPES).parse(written)).toEqual(parsed);
      expect(parse(stringify(parsed))).toEqual(parsed);
    }),
  );
});

it('the loader parses any mutation of a valid configuration, or names positions inside the file in single lines', () => {
  fc.assert(configMutations, { numRuns: 50 });
});

it('the loader keeps a message on one line if it quotes the name of an entry', () => {
  expect(problemsOf(configWith({ 9: '  "a\\nb\\u001b":', 14: '    stores: [azure]' }))).toEqual([
    String.raw`relay.yaml:9:3 stores["a\nb\u001b"]: is not valid; use 1 to 31 lower-case letters, digits and hyphens, beginning with a letter`,
    String.raw`relay.yaml:14:14 syncs.fleet.stores[0]: there is no store "azure"; use "a\nb\u001b"`,
  ]);
});
