import * as z from 'zod';

/** The workflows whose runs belong to a rule of relay.yaml. */
export const WORKFLOWS = ['sync', 'checkout'] as const;
export type Workflow = (typeof WORKFLOWS)[number];

/**
 * One execution of a workflow: in every input of a step, every log line, every record, and in the mark of every lease.
 * `rule` is an entry of relay.yaml, and `run` the name of the execution: the rule, a dot, and what tells its runs apart.
 */
export const runSchema = z.object({
  workflow: z.enum(WORKFLOWS),
  rule: z.string().regex(/^[a-z][a-z0-9-]*$/),
  run: z.string().regex(/^[a-z][a-z0-9-]*\.[\w.-]+$/),
});
export type Run = z.infer<typeof runSchema>;

/** What Step Functions hands on when a step fails: the error's name and, as text, its cause. */
export const caughtSchema = z.object({ Error: z.string(), Cause: z.string().optional() });
export type Caught = z.infer<typeof caughtSchema>;
