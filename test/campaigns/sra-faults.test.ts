import { describe, expect, it } from 'vitest';
import type { FaultEffect } from '#local/simulators/sra/faults.ts';
import { ERROR_NAMES } from '#shared/errors.ts';
import { reportSchema } from '#shared/records/records.ts';
import { disturbSra } from '#test/support/sra-campaign.ts';
import type { SraRelay } from '#test/support/sra-relay.ts';

const TIMEOUT_MS = 300_000;
/** The first token, and one after it was killed. */
const MAX_TOKENS = 2;

/** Answers of a site, or of a proxy before it. Some follow an effect. */
const FAULTS: Readonly<Record<string, FaultEffect>> = {
  'an error before the effect': { type: 'status', status: 500 },
  'an error after the effect': { type: 'status', status: 500, when: 'after' },
  'a throttled call': { type: 'rate-limited' },
  'a throttled call with a time': { type: 'rate-limited', retryAfter: '2' },
  'a connection lost before the effect': { type: 'reset', when: 'before' },
  'a connection lost after the effect': { type: 'reset', when: 'after' },
  'a body that ends early': { type: 'malformed' },
  'an error of a report': { type: 'report-error', text: 'An error occurred.' },
  'killed tokens': { type: 'kill-tokens' },
  'an unknown parameter': { type: 'status', status: 401, body: '{"message":"Unknown parameter: per_page"}' },
};

/** Errors of the relay's code, which no answer of a site may cause. */
const isNamed = (error: string): boolean => error !== 'Unexpected' && ERROR_NAMES.some((name) => name === error);

/** A sentence for each error without a name of its own, and for each token too many. */
const wrongErrors = ({ records, simulator }: SraRelay): string[] => {
  const reports = [...records.objects].filter(([key]) => key.endsWith('/report.json'));
  const remarks = reports.flatMap(([, text]) => reportSchema.parse(JSON.parse(text)).remarks);
  const tokens = simulator.issuedTokens();
  return [
    ...remarks.flatMap(({ error }) => (error === undefined || isNamed(error) ? [] : [`An item failed with ${error}.`])),
    ...(tokens > MAX_TOKENS ? [`${tokens} tokens were requested.`] : []),
  ];
};

describe('a fault of a PRA site', () => {
  it.each(Object.entries(FAULTS))(
    '(%s) at any call of a sync ends in success or a named error, and leaves nothing open',
    async (what, effect) => {
      const { siteCalls } = await disturbSra({ at: [] });
      for (const [call, { kind }] of siteCalls.entries()) {
        const { broken } = await disturbSra({
          at: [],
          before: ({ simulator }) => simulator.faults.add({ nth: call + 1, effect }),
          findErrors: wrongErrors,
        });
        expect(broken, `at call ${call} (${kind})`).toEqual([]);
      }
      process.stdout.write(`${siteCalls.length} calls: ${what}\n`);
    },
    TIMEOUT_MS,
  );
});
