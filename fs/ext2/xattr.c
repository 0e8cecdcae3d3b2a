/*
 * fs/ext2/xattr.c - extended attributes: a block that files share.
 *
 * MODEL     A block of attributes counts the inodes that name it (h_refcount); the last of them to go gives it back.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/ext2/ext2.h"

/* The last reference to @b goes with @inode.  => i_xattr_sem(w) */
static void drop_block(struct inode *inode, struct ext2_buf *b, u32 block)
{
	struct ext2_xattr_header *h = ext2_data(b);

	if (h->h_refcount > 1 && h->h_refcount <= EXT2_XATTR_REFCOUNT_MAX) {
		h->h_refcount--;
		ext2_bdirty(inode->i_sb, b);
		spin_lock(&inode->i_lock);
		inode->i_blocks -= min(inode->i_blocks, (u64)inode->i_sb->s_blocksize >> 9);
		spin_unlock(&inode->i_lock);
		return;
	}
	ext2_bforget(inode->i_sb, block, 1);
	(void)!ext2_free_blocks(inode, block, 1);
}

void ext2_xattr_delete(struct inode *inode)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	unsigned long ino = inode->i_ino;
	u32 block = ei->i_file_acl;
	struct ext2_buf b;

	if (!block)
		return;
	down_write(&ei->i_xattr_sem);
	if (!ext2_blocks_valid(EXT2_SB(inode->i_sb), block, 1)) {
		ext2_error(inode->i_sb, __func__, "inode %lu: xattr block %u is no file's", ino, block);
	} else if (!ext2_bread(inode->i_sb, block, &b)) {
		if (((struct ext2_xattr_header *)ext2_data(&b))->h_magic == EXT2_XATTR_MAGIC)
			drop_block(inode, &b, block);
		else
			ext2_error(inode->i_sb, __func__, "inode %lu: bad block %u", ino, block);
		ext2_brelse(&b);
	}
	ei->i_file_acl = 0;
	up_write(&ei->i_xattr_sem);
}
