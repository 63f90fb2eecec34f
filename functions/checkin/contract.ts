import * as z from 'zod';
import { checkoutSteps } from '#shared/checkout-workflow.ts';
import { steps } from '#shared/workflow.ts';

export const contract = steps.checkin;
export const checkoutContract = checkoutSteps.checkin;

export const environment = z.object({
  RELAY_ID: z.string().min(1),
  RECORDS_BUCKET: z.string().min(1),
});
