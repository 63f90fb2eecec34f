import * as z from 'zod';
import { steps } from '#shared/workflow.ts';

export const contract = steps.authenticate;

export const environment = z.object({
  RELAY_ID: z.string().min(1),
});
