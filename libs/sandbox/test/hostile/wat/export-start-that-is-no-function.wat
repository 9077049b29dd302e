;; A memory called _start.
;; expect: build export_type_mismatch
(module
  (memory (export "memory") (export "_start") 1))
