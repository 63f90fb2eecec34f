/** Every function of the relay, by the name of its folder under `functions/`. */
export const STEPS = [
  'authenticate',
  'plan',
  'watch',
  'request',
  'retrieve',
  'checkin',
  'retire',
  'report',
  'reap',
  'intake-queue',
] as const;
export type Step = (typeof STEPS)[number];

/**
 * What each function gets. A quarter of an hour is Lambda's limit: the batch steps stop by themselves before it and say
 * `OutOfTime`, so that the next attempt goes on. Memory is also CPU: below 512 MB a cold start takes seconds, and
 * `plan` compares two lists of up to a million rows.
 */
export const STEP_SIZES: Readonly<Record<Step, { readonly timeoutSeconds: number; readonly memoryMb: number }>> = {
  authenticate: { timeoutSeconds: 120, memoryMb: 512 },
  plan: { timeoutSeconds: 900, memoryMb: 2048 },
  watch: { timeoutSeconds: 120, memoryMb: 512 },
  request: { timeoutSeconds: 900, memoryMb: 512 },
  retrieve: { timeoutSeconds: 900, memoryMb: 512 },
  checkin: { timeoutSeconds: 900, memoryMb: 512 },
  retire: { timeoutSeconds: 120, memoryMb: 512 },
  report: { timeoutSeconds: 300, memoryMb: 1024 },
  reap: { timeoutSeconds: 900, memoryMb: 512 },
  'intake-queue': { timeoutSeconds: 60, memoryMb: 512 },
};
