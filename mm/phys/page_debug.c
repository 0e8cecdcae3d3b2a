#include "mm/phys/page_alloc.h"
void page_poison_free(__maybe_unused struct page *page, __maybe_unused unsigned order) {}
void page_poison_check(__maybe_unused struct page *page, __maybe_unused unsigned order) {}
bool should_fail_alloc_page(__maybe_unused gfp_t gfp, __maybe_unused unsigned order) { return false; }
