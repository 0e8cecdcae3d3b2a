/*
 * test/host/lib/test_errseq.c - each listener hears of each error once.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/host/tap.h"
#include "lib/errseq.h"

int main(void)
{
	errseq_t e = 0, a = errseq_sample(&e), b = errseq_sample(&e), late;

	is_int(errseq_check_and_advance(&e, &a), 0, "nothing happened");
	errseq_set(&e, -5);
	late = errseq_sample(&e);
	is_int(errseq_check(&e, a), -5, "a look");
	is_int(errseq_check_and_advance(&e, &a), -5, "the first listener hears of it");
	is_int(errseq_check_and_advance(&e, &a), 0, "once");
	is_int(errseq_check_and_advance(&e, &b), -5, "and so does the second");
	is_int(errseq_check_and_advance(&e, &late), -5, "and who came before anybody had seen it");
	late = errseq_sample(&e);
	is_int(errseq_check_and_advance(&e, &late), 0, "but not who comes after");
	errseq_set(&e, -5);
	is_int(errseq_check_and_advance(&e, &a), -5, "the same error again is another one");
	errseq_set(&e, -28);
	is_int(errseq_check_and_advance(&e, &a), -28, "the last error is told");
	is_int(errseq_check_and_advance(&e, &b), -28, "to who missed two, too");
	is_int(errseq_check_and_advance(&e, &b), 0, "once");
	for (int i = 0; i < 100000; i++) {
		errseq_set(&e, -(int)(1 + rnd_below(4000)));
		CHECK(errseq_check_and_advance(&e, &a) < 0);
		CHECK(!errseq_check_and_advance(&e, &a));
	}
	ok(true, "a hundred thousand errors");
	return done_testing();
}
