import { afterAll, vi } from 'vitest';

const before = { ...process.env };

/** The worker goes on with another file: what this one changed in what they share is taken back. */
afterAll(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});
