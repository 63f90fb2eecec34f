import { defineConfig } from 'vitest/config';

const ring = (name: string) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: 60_000, hookTimeout: 60_000 },
});

/** Asks for Python and PyPI, which `npm test` does not. One file at a time: each starts emulators of its own. */
const emulated = {
  test: {
    name: 'emulated',
    include: ['test/emulated/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
};

/** Takes minutes, of which `npm test` spares all but a sample. */
const crash = { test: { name: 'crash', include: ['test/crash/**/*.test.ts'] } };

export default defineConfig({
  test: { projects: [...['unit', 'contract', 'workflow', 'infra'].map(ring), emulated, crash] },
});
