import * as z from 'zod';

/** The workflows whose runs belong to a rule of relay.yaml. */
export const WORKFLOWS = ['sync', 'checkout', 'provision', 'rotate', 'export', 'directory'] as const;
export type Workflow = (typeof WORKFLOWS)[number];

/**
 * Identifies one execution of a workflow in every step input, log line and record, and in the marker of every lease.
 * `rule` is an entry of relay.yaml. `run` is the name of the execution: the rule, a dot, and a part that is unique
 * among its runs.
 */
export const runSchema = z.object({
  workflow: z.enum(WORKFLOWS),
  rule: z.string().regex(/^[a-z][a-z0-9-]*$/),
  run: z.string().regex(/^[a-z][a-z0-9-]*\.[\w.-]+$/),
});
export type Run = z.infer<typeof runSchema>;

/** Error that Step Functions passes on when a step fails: its name, and its cause as text. */
export const caughtSchema = z.object({ Error: z.string(), Cause: z.string().optional() });
export type Caught = z.infer<typeof caughtSchema>;
