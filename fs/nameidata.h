/*
 * fs/nameidata.h - the state of a path walk; for fs/namei.c, fs/open_path.c and fs/names.c only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_NAMEIDATA_H
#define VELLUM_FS_NAMEIDATA_H

#include "fs/fdtable.h"
#include "fs/namei.h"

enum last_type { LAST_NORM, LAST_ROOT, LAST_DOT, LAST_DOTDOT };

struct nameidata {
	struct path path;		/* where we are */
	struct path root;		/* what "/" and ".." stop at */
	struct qstr last;		/* in the name being walked: its end tells of slashes */
	enum last_type last_type;
	unsigned flags;			/* LOOKUP_* */
	bool lazy;
	bool at_end;			/* the component being walked is the last of the whole path */
	unsigned depth, nr_links;
	struct fd fd;			/* the directory it started from, if any */
	const char *rest[MAXSYMLINKS];	/* what is left of the names outside */
	struct { struct dentry *dentry; char *buf; } held[MAXSYMLINKS];
};

int nd_start_parent(struct nameidata *nd, int dfd, const char *name, unsigned flags);
int link_path_walk(const char *name, struct nameidata *nd);
const char *walk_component(struct nameidata *nd, bool follow);
const char *nd_step(struct nameidata *nd, struct dentry *d, bool follow);
void nd_unlazy(struct nameidata *nd);
void nd_drop(struct nameidata *nd);
void nd_finish(struct nameidata *nd, struct path *out);
struct dentry *lookup_cached(struct dentry *dir, const struct qstr *name, unsigned flags);
struct dentry *lookup_uncached(struct dentry *dir, const struct qstr *name, unsigned flags);

#endif
