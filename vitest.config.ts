import { defineConfig } from 'vitest/config';

const ring = (name: string) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: 60_000, hookTimeout: 60_000 },
});

export default defineConfig({
  test: { projects: ['unit', 'contract', 'workflow', 'infra'].map(ring) },
});
