/*
 * fs/ext2/symlink.c - symbolic links: short targets lie in the inode, long ones in a block.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"
#include "lib/string.h"

/* A target whose block is: @buf has PAGE_SIZE bytes. */
static const char *ext2_get_link(__maybe_unused struct dentry *d, struct inode *inode, char *buf)
{
	struct ext2_extent e;
	struct ext2_buf b;
	int rc;

	if (inode->i_size <= 0 || inode->i_size >= inode->i_sb->s_blocksize) {
		ext2_error(inode->i_sb, __func__, "bad size of symbolic link #%lu", (unsigned long)inode->i_ino);
		return ERR_PTR(-EUCLEAN);
	}
	rc = ext2_map_blocks(inode, 0, 1, false, &e);
	if (!rc)
		rc = e.hole ? -EIO : ext2_bread(inode->i_sb, e.pblk, &b);
	if (rc)
		return ERR_PTR(rc);
	memcpy(buf, ext2_data(&b), inode->i_size);
	buf[inode->i_size] = 0;
	ext2_brelse(&b);
	return buf;
}

const struct inode_operations ext2_symlink_iops = {
	.get_link = ext2_get_link, .setattr = ext2_setattr, .getattr = ext2_getattr,
};
