import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/setup/sequencer.ts';

const ring = (name: string) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    // Imports cost more than most tests: each worker keeps what it has imported, and a test cleans up behind itself.
    isolate: false,
    setupFiles: ['test/setup/environment.ts', 'test/setup/seed.ts'],
    testTimeout: 60_000,
    // Hooks start worlds, which is not what is tested: no load of the machine may fail them.
    hookTimeout: 600_000,
  },
});

/** Each of its files needs the bundles, which are made before, so that no two workers make them at once. */
const workflow = ring('workflow');

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
const campaigns = {
  test: {
    name: 'campaigns',
    include: ['test/campaigns/**/*.test.ts'],
    globalSetup: ['test/setup/bundles.ts'],
    setupFiles: ['test/setup/environment.ts', 'test/setup/campaign-seed.ts'],
    isolate: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
};

export default defineConfig({
  test: {
    maxWorkers: '100%',
    globalSetup: ['test/setup/temporary-folder.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      ...['unit', 'contract', 'infra'].map(ring),
      { test: { ...workflow.test, globalSetup: ['test/setup/bundles.ts'] } },
      emulated,
      campaigns,
    ],
  },
});
