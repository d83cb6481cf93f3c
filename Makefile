# SPDX-License-Identifier: GPL-2.0
# tcp_teardown. "make help" lists what there is to make.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
# With BTF=1, the module's BTF refers to the types in this file: the kernel's vmlinux, or its BTF.
VMLINUX ?= $(firstword $(wildcard $(KDIR)/vmlinux) /sys/kernel/btf/vmlinux)
# The release that the headers name, whatever their directory is called.
RELEASE = $(or $(shell sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' \
	$(KDIR)/include/generated/utsrelease.h 2>/dev/null),$(KVER))
BUILD = build/$(RELEASE)

module: ## builds build/<release>/tcp_teardown.ko for KVER= (the running kernel) or KDIR=; BTF=1
	@test -d "$(KDIR)" || { echo "no headers at $(KDIR):" \
		"apt-get install linux-headers-$(KVER)," \
		"dnf install kernel-devel-$(KVER), or KDIR= and KVER=" >&2; exit 1; }
	@mkdir -p $(BUILD)
	@# Each kernel has a directory of its own, with links to the sources.
	@cp -rsf $(CURDIR)/module $(CURDIR)/Kbuild $(BUILD)/
	@find $(BUILD) -xtype l -delete
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$(BUILD) W=1 $(KFLAGS) modules
	$(if $(BTF),pahole -J --btf_gen_floats --btf_base $(VMLINUX) $(BUILD)/tcp_teardown.ko)

compile_commands.json: module ## writes for clangd how each file of the module is compiled
	@scripts/compile-commands $(KDIR) $(BUILD)

tool: ## builds build/tcp-teardown, which reads the records; STATIC=1: one static file
	@$(MAKE) -s -C scripts/teardown OUTPUT=$(CURDIR)/build STATIC=$(STATIC)

check-kernel: ## builds build/check_kernel, a static program for scripts/check-kernel
	@mkdir -p build/selftests
	@$(MAKE) -s -C selftests OUTPUT=$(CURDIR)/build/selftests \
		$(CURDIR)/build/selftests/check_kernel
	@cp build/selftests/check_kernel build/

PREFIX ?= /usr/local
PACKAGING = $(MAKE) -s -C scripts/packaging PREFIX=$(PREFIX) KVER=$(RELEASE)
install: module tool ## installs module, tcp-teardown, man page and completion; DESTDIR= PREFIX=
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$(BUILD) INSTALL_MOD_PATH=$(DESTDIR) modules_install
	depmod -b $(DESTDIR)/ $(RELEASE)
	@$(PACKAGING) install-tool

dkms: ## gives the module to DKMS, which builds it for this kernel and for later ones
	@$(PACKAGING) dkms

deb: ## builds the Debian packages tcp-teardown and tcp-teardown-dkms, in build/deb/
	@$(PACKAGING) deb

demo: ## boots a guest, makes traffic, and shows how its connections ended
	@scripts/demo

test: ## runs the self-tests in guests on 6.1, 6.12 and 6.1-rt, or on KERNEL=
	@scripts/test $(KERNEL)

test-kernels: ## runs a test for each hook on the oldest and the newest kernel, and on arm64
	@scripts/test -s hooks $(or $(KERNEL),5.10 newest 6.12-arm64)

DEBUG_KERNELS = 6.12-debug 6.1-debug 6.12-kcsan 6.1-rt 6.12-debug-rt
test-debug: ## runs the self-tests on debug kernels and 6.1-rt; QUICK=1: some, on one
	@scripts/test $(if $(QUICK),-q 6.12-debug,$(or $(KERNEL),$(DEBUG_KERNELS)))

test-vm: ## runs the harness's own tests
	@scripts/harness/test

test-host: ## tests ring, filter and tcp-teardown in user space; RECORDS= INPUTS= SECONDS= DEEP=1
	@scripts/host-test $(if $(RECORDS),-r $(RECORDS)) $(if $(INPUTS),-i $(INPUTS)) \
		$(if $(SECONDS),-s $(SECONDS)) $(if $(DEEP),-d)

test-kselftest: ## tests that selftests/ works in a kernel's tree, on 6.12 and the newest
	@scripts/kselftest-test $(KERNEL)

test-packages: ## tests the packages, in Debian 12 and 13, or SUITE=
	@scripts/packaging/test $(SUITE)

check: ## runs checkpatch, sparse, W=1, shellcheck and others; all must be silent
	@scripts/check

soak: ## makes 100,000 connections from wrk to nginx, and checks the records of each
	@scripts/soak -k $(or $(KERNEL),6.1)

bench: ## measures the costs, beside other tracers: an hour; QUICK=1: the budgets, on 6.1
	@status=0; for kernel in $(or $(KERNEL),$(if $(QUICK),6.1,newest 6.12 6.1)); do \
		scripts/bench/run -k $$kernel $(if $(QUICK),-q) || status=$$?; done; exit $$status

torture: ## tries to break the module, for SECONDS= (60) a test, on KERNEL= (6.12)
	@scripts/torture -k $(or $(KERNEL),6.12) -s $(or $(SECONDS),60)

clean: ## removes build/
	rm -rf build

help: ## prints this list
	@awk -F ':[a-z ]*## ' '/^[a-z_.-]+:[a-z ]*## / { printf "  make %-22s %s\n", $$1, $$2 }' \
		$(firstword $(MAKEFILE_LIST))

# compile_commands.json, too: it is a file, but must be written each time.
.PHONY: module compile_commands.json tool check-kernel install dkms deb demo test test-debug test-vm test-host test-kernels test-kselftest test-packages check soak bench torture clean help
