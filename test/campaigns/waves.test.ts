import { checkRotations } from '#test/support/rotation-property.ts';
import { checkPlans } from '#test/support/wave-property.ts';

checkPlans(5000);
checkRotations(1500);
