/*
 * drivers/base/class.c - /sys/class, /sys/dev/char: the character devices, where mdev -s and cttyhack look.
 *
 * MODEL     A device NAME of CLASS is the directory devices/virtual/CLASS/NAME with its number (dev), what an
 *           event of it would say (uevent) and a link to its class.  class/CLASS/NAME and dev/char/MAJOR:MINOR
 *           are links to it.  Made once: devices that come later (pseudo-terminals) are in no class, as on Linux.
 *           Events go to listeners of a netlink socket.  There are none, so writing uevent checks the word only.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/base/class.h"
#include "drivers/tty/console.h"
#include "fs/chrdev.h"
#include "fs/sysfs.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

struct class_device {
	dev_t dev;
	umode_t mode;
	char name[24];
};

static ssize_t show_dev(void *data, char *buf)
{
	const struct class_device *d = data;

	return scnprintf(buf, PAGE_SIZE, "%u:%u\n", MAJOR(d->dev), MINOR(d->dev));
}

static ssize_t show_uevent(void *data, char *buf)
{
	const struct class_device *d = data;
	ssize_t n = scnprintf(buf, PAGE_SIZE, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\n", MAJOR(d->dev), MINOR(d->dev),
			      d->name);

	if (d->mode != 0600)
		n += scnprintf(buf + n, PAGE_SIZE - n, "DEVMODE=%#o\n", d->mode);
	return n;
}

ssize_t uevent_store(__maybe_unused void *data, const char *buf, size_t n)
{
	static const char *const actions[] = {
		"add", "remove", "change", "move", "online", "offline", "bind", "unbind",
	};
	size_t len = strcspn(buf, " \n");

	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++)
		if (strlen(actions[i]) == len && !memcmp(actions[i], buf, len))
			return n;
	return -EINVAL;
}

static ssize_t show_active(__maybe_unused void *data, char *buf)
{
	struct tty_struct *tty = console_tty();

	return scnprintf(buf, PAGE_SIZE, "%s\n", tty ? tty->name : "");
}

/* The class of a device with number @dev, or NULL. */
static const char *class_of(dev_t dev)
{
	switch (MAJOR(dev)) {
	case 1:
		return "mem";
	case 4:
	case 5:
	case 229:
		return "tty";
	}
	return NULL;
}

static int device_add(dev_t dev, const char *name, umode_t mode)
{
	const char *class = class_of(dev);
	struct class_device *d;
	char path[96], target[96];
	int rc, dir;

	if (!class)
		return 0;
	d = kzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return -ENOMEM;
	*d = (struct class_device){ .dev = dev, .mode = mode };
	strscpy(d->name, name, sizeof(d->name));
	dir = snprintf(path, sizeof(path), "devices/virtual/%s/%s/", class, name);
	strscpy(path + dir, "dev", sizeof(path) - dir);
	rc = sysfs_create_file(path, show_dev, NULL, d);
	strscpy(path + dir, "uevent", sizeof(path) - dir);
	rc |= sysfs_create_file(path, show_uevent, uevent_store, d);
	strscpy(path + dir, "subsystem", sizeof(path) - dir);
	snprintf(target, sizeof(target), "../../../../class/%s", class);
	rc |= sysfs_create_link(path, target);
	if (!strcmp(name, "console")) {
		strscpy(path + dir, "active", sizeof(path) - dir);
		rc |= sysfs_create_file(path, show_active, NULL, NULL);
	}
	snprintf(target, sizeof(target), "../../devices/virtual/%s/%s", class, name);
	snprintf(path, sizeof(path), "class/%s/%s", class, name);
	rc |= sysfs_create_link(path, target);
	snprintf(path, sizeof(path), "dev/char/%u:%u", MAJOR(dev), MINOR(dev));
	return rc | sysfs_create_link(path, target);
}

void __init class_init(void)
{
	if (sysfs_create_dir("dev/block") | for_each_chrdev(device_add))
		pr_warn("sysfs: some devices are missing\n");
}
