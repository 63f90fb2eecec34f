import * as z from 'zod';
import { checkoutSteps } from '#shared/checkout-workflow.ts';

export const contract = checkoutSteps.watch;

export const environment = z.object({
  RELAY_ID: z.string().min(1),
  RECORDS_BUCKET: z.string().min(1),
});
