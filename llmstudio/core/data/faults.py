"""What the machine says when a file cannot be read or written, in words for the person."""

import errno

FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
DENIED = {errno.EACCES, errno.EPERM}


def reason(error: OSError) -> str:
    """Why, and what to do about it: the end of a sentence, with its full stop."""
    if error.errno in FULL:
        return "the disk is full. Free some space and try again; what was there before is unchanged."
    if error.errno in DENIED:
        return "there is no permission. Allow it in the file's properties and try again."
    if error.errno == errno.EROFS:
        return "the disk can only be read. Choose a folder that can be written to."
    if error.errno == errno.ENOENT:
        return "it is not there any more."
    if error.errno == errno.EIO:
        return "the disk reported a fault. Check the disk; what was there before is unchanged."
    return f"{(error.strerror or str(error)).rstrip('.').lower()}."
