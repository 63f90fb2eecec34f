import { describe, expect, it } from 'vitest';
import type { FaultEffect } from '#local/simulators/sra/faults.ts';
import { ERROR_NAMES } from '#shared/errors.ts';
import { disturbSra, everyNthBelow } from '#test/support/sra-campaign.ts';
import type { SraRelay } from '#test/support/sra-relay.ts';
import type { SraScenario } from '#test/support/sra-scenarios.ts';

const TIMEOUT_MS = 600_000;
/** Answers of a site, or of a proxy before it. Some follow an effect. */
const SRA_FAULTS: Readonly<Record<string, FaultEffect>> = {
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
const wrongErrors = ({ records, simulator }: SraRelay, maxTokens: number): string[] => {
  const reports = [...records.objects].filter(([key]) => key.endsWith('/report.json'));
  const errors = reports.flatMap(([, text]) =>
    [...text.matchAll(/"error":"(\w+)"/g)].flatMap(([, error]) => error ?? []),
  );
  const tokens = simulator.issuedTokens();
  return [
    ...errors.flatMap((error) => (isNamed(error) ? [] : [`An item failed with ${error}.`])),
    ...(tokens > maxTokens ? [`${tokens} tokens were requested.`] : []),
  ];
};

/** Breaks every nth call of a workflow with each fault, and prints the number of calls. */
export const breakSraCalls = (scenario: SraScenario, stride = 1): void => {
  describe('a fault of a PRA site', () => {
    it.each(Object.entries(SRA_FAULTS))(
      `(%s) at any call of ${scenario.what} ends in success or a named error, and leaves nothing open`,
      async (what, effect) => {
        const { siteCalls, tokens } = await disturbSra({ scenario, at: [] });
        const chosen = everyNthBelow(siteCalls.length, stride);
        for (const call of chosen) {
          const { broken } = await disturbSra({
            scenario,
            at: [],
            before: ({ simulator }) => simulator.faults.add({ nth: call + 1, effect }),
            // One more than without the fault.
            findErrors: (relay) => wrongErrors(relay, tokens + 1),
          });
          expect(broken, `at call ${call} (${siteCalls[call]?.kind})`).toEqual([]);
        }
        process.stdout.write(`${chosen.length} of ${siteCalls.length} calls: ${what}\n`);
      },
      TIMEOUT_MS,
    );
  });
};
