import type * as z from 'zod';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Grant } from '#shared/workflows/grants.ts';

/** Lambda lets no invocation last longer (Lambda developer guide, "Lambda quotas"), and clocks may differ a little. */
export const MAX_INVOCATION_MS = 16 * 60_000;

/** One function, declared once: what it takes, gives, touches and needs. Everything about its deployment follows. */
export interface Step<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  /** Its folder under `functions/`, such as `sync/plan`. With a hyphen for the slash it ends the function's name. */
  readonly folder: string;
  readonly input: Input;
  readonly output: Output;
  /** A quarter of an hour is Lambda's limit. */
  readonly seconds: number;
  /** Memory is also CPU: below 512 MB a cold start takes seconds. */
  readonly memoryMb: number;
  grants(config: RelayConfig): readonly Grant[];
}

/** The name of a step's function, after the stack's and a hyphen. */
export const functionName = ({ folder }: Pick<Step, 'folder'>): string => folder.replaceAll('/', '-');

/** The functions of one workflow. They are deployed only where `isUsed` is true for the configuration. */
export interface WorkflowSteps {
  readonly steps: readonly Step[];
  isUsed(config: RelayConfig): boolean;
}
