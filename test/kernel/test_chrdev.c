/*
 * test/kernel/test_chrdev.c - character devices are registered wholly or not at all.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "fs/chrdev.h"
#include "mm/slab/failslab.h"

#define KTEST_MINOR	201

static const struct file_operations no_fops = { .open = NULL };

/* misc_register(), whose allocation number @nth fails. */
static int register_failing(unsigned nth)
{
	struct fault_attr before = failslab;
	int rc;

	failslab = (struct fault_attr){ .probability = 100, .interval = nth, .times = 1, .task_filter = 1 };
	failslab_changed();
	current_base()->make_it_fail = 1;
	rc = misc_register(KTEST_MINOR, "ktest", "ktest", &no_fops, 0600);
	current_base()->make_it_fail = 0;
	failslab = before;
	failslab_changed();
	return rc;
}

KTEST(a_device_that_memory_is_missing_for_is_not_registered)
{
	unsigned refused = 0;

	for (unsigned nth = 1; nth <= 12; nth++) {
		int rc = register_failing(nth);

		KCHECK(!rc || rc == -ENOMEM);
		refused += rc == -ENOMEM;
		/* Its number is taken, or free: nothing of a device that was refused is left. */
		KCHECK_EQ(misc_register(KTEST_MINOR, "ktest", "ktest", &no_fops, 0600), rc ? 0 : -EBUSY);
		unregister_chrdev(MKDEV(10, KTEST_MINOR));
	}
	KCHECK_EQ(refused, 2);			/* the device, its name; one without a node is one all the same */
}
