;; The ABI passes everything through a memory.
;; expect: build missing_export
(module
  (func (export "_start")
    nop))
