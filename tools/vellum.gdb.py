"""gdb commands for Vellum: vm-walk, vm-page, vm-tasks.  Loaded by `make debug`.

SPDX-License-Identifier: MIT
"""
import gdb

NAMES = ["PTE", "PMD", "PUD", "P4D", "PGD"]
BITS = "VRWXUGAD"


def value(expression):
    return int(gdb.parse_and_eval(expression))


def read_physical(address):
    """An 8-byte word of physical memory, through QEMU's monitor: works before and after paging is on."""
    text = gdb.execute(f"monitor xp /1gx {address:#x}", to_string=True)
    return int(text.split(":")[1], 16)


class Walk(gdb.Command):
    """vm-walk ADDRESS: walk the page tables of this hart's satp and name each entry on the way."""

    def __init__(self):
        super().__init__("vm-walk", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        va = value(argument) & (1 << 64) - 1
        satp = value("$satp") & (1 << 64) - 1
        levels = {8: 3, 9: 4, 10: 5}.get(satp >> 60)
        if levels is None:
            print("satp: no translation")
            return
        table = (satp & (1 << 44) - 1) << 12
        for level in range(levels - 1, -1, -1):
            index = va >> (12 + 9 * level) & 511
            name = "PGD" if level == levels - 1 else NAMES[level]
            entry = read_physical(table + 8 * index) & (1 << 64) - 1
            flags = "".join(b if entry >> i & 1 else "-" for i, b in enumerate(BITS))
            pa = (entry >> 10 & (1 << 44) - 1) << 12
            print(f"{name}[{index}] at {table + 8 * index:#x}: {entry:#018x} {flags} -> {pa:#x}")
            if not entry & 1:
                print("not valid: a fault")
                return
            if entry & 0xe:
                span = 1 << (12 + 9 * level)
                print(f"leaf of {span >> 10} KiB: {va:#x} is {pa | va & span - 1:#x}")
                return
            table = pa


class Page(gdb.Command):
    """vm-page PFN: print the struct page of a frame."""

    def __init__(self):
        super().__init__("vm-page", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        gdb.execute(f"print *(struct page *)((unsigned long)vmemmap + 64 * ({argument}))")


class Tasks(gdb.Command):
    """vm-tasks: list the processes."""

    def __init__(self):
        super().__init__("vm-tasks", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        head = gdb.parse_and_eval("&task_list")
        task_type = gdb.lookup_type("struct task_struct")
        offset = next(f.bitpos // 8 for f in task_type.fields() if f.name == "tasks")
        node = head["next"]
        while node != head:
            task = (node.cast(gdb.lookup_type("char").pointer()) - offset).cast(task_type.pointer())
            print(f"{int(task['pid']):6} state {int(task['state']):#x} {task['comm'].string()}  {task}")
            node = node["next"]


Walk()
Page()
Tasks()
