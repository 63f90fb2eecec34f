import { afterAll, vi } from 'vitest';

const before = { ...process.env };

/** A worker runs several files: restores the state that they share. */
afterAll(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});
