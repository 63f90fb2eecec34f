import * as z from 'zod';
import { runSchema } from '#shared/workflows/run.ts';
import type { Step } from '#shared/workflows/step.ts';

/** First step of all workflows. It needs only the name of the rule and opens nothing. */
export const authenticate = {
  folder: 'authenticate',
  input: runSchema,
  /** The connection that was signed in to, and the expiry of its token. Never the token itself. */
  output: z.object({ connection: z.string(), expiresAt: z.string().nullable() }),
  seconds: 120,
  memoryMb: 512,
  priority: 'person',
  grants: () => [{ to: 'sign-in' }],
} as const satisfies Step;
