"""Where the fault test runs cram: what starts a run, and whom one can hit."""
import glob
import os
import shutil
import signal
import subprocess
import time

# An agent that is not heard for so long is given up: $CRAM_PATIENCE.
PATIENCE = 3


class Broken(Exception):
    """Something that must hold does not."""


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().decode(errors="replace").split("\0")
    except OSError:
        return [""]  # it is gone


def environment(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            words = file.read().decode(errors="replace").split("\0")
    except OSError:
        return {}
    return dict(word.split("=", 1) for word in words if "=" in word)


def stat(pid):
    """(state, parent) of a process; of none ("", 0)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            words = f.read().rpartition(")")[2].split()
            return words[0], int(words[1])
    except OSError:
        return "", 0


def pids_of(text):
    """Processes, but ours, with `text` in their command line."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            if any(text in word for word in command_line(name)):
                found.append(int(name))
    return found


def descendants(pid):
    below = [int(name) for name in os.listdir("/proc")
             if name.isdigit() and stat(name)[1] == pid]
    return below + [more for child in below for more in descendants(child)]


def keepers_and_agents(pids):
    """(keeper, agent) of each node: the first is the other's parent."""
    # Asked once: of a process that ends meanwhile the parent is 0.
    both = [(stat(pid)[1], pid) for pid in pids]
    both = [(parent, pid) for parent, pid in both if parent in pids]
    # A sub-job that is being started still looks like its agent.
    agents = [pid for _, pid in both]
    return [(parent, pid) for parent, pid in both if parent not in agents]


def send(pid, number):
    try:
        os.kill(pid, number)
    except OSError:
        pass  # it was faster


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Broken(what)
        time.sleep(0.05)


class Alone:
    """`cram run`: one agent."""
    name = "cram run"
    faults = ("kill_agent", "kill_keeper", "kill_both", "stop_agent",
              "pause_agent", "cancel", "kill_starter", "fill_disk", "read_only")

    def __init__(self, build):
        self.cram = f"{build}/sbin/cram/cram"
        self.cramacct = f"{build}/sbin/cramacct/cramacct"
        self.agent = f"{build}/spank/agent/agent/cram-agent"
        self.work = ""
        self.keepers = []
        self.env = {}

    def prepare(self, work):
        self.work = work
        self.keepers = []
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("SLURM_", "CRAM_"))}
        self.env.update(CRAM_AGENT=self.agent, TMPDIR=f"{work}/tmp",
                        XDG_STATE_HOME=f"{work}/state",
                        CRAM_PATIENCE=str(PATIENCE))

    def run(self, words, **environment):
        return subprocess.run(words, cwd=self.work,
                              env=dict(self.env, **environment), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)

    def start(self, manifest, resume, directory, rng, ledger, log):
        words = [self.cram, "run", f"--dir={directory}",
                 f"--slots={rng.randint(1, 4)}"]
        words += [f"--resume={resume}"] if resume else [manifest]
        process = subprocess.Popen(words, cwd=self.work,
                                   env=dict(self.env, LEDGER=ledger),
                                   stdout=log, stderr=log)
        self.keepers.append(process.pid)
        return process

    def agents(self):
        """(keeper, agent) of each node."""
        pids = [pid for pid in pids_of(self.work)
                if command_line(pid)[0].endswith("/cram-agent")]
        return keepers_and_agents(pids)

    def cancel(self, process):
        send(process.pid, signal.SIGTERM)

    def kill_starter(self, process):
        send(process.pid, signal.SIGKILL)

    def kill_both(self, keeper, agent):
        """Nobody is left who could say so, or end the sub-jobs."""
        send(keeper, signal.SIGSTOP)
        left = descendants(agent)
        for pid in (agent, keeper):
            send(pid, signal.SIGKILL)
        return left

    def settle(self):
        try:
            wait_until(lambda: not pids_of(self.work), 120, "")
        except Broken as error:
            left = [(pid, *stat(pid), " ".join(command_line(pid)))
                    for pid in pids_of(self.work)]
            raise Broken(f"processes are left: {left}") from error

    def cgroups(self):
        return [path for pid in self.keepers for path in
                glob.glob(f"/sys/fs/cgroup/**/cram_{pid}", recursive=True)]

    def clear(self):
        """What keepers that were killed made, and no later run removed."""
        for pid in self.keepers:
            for path in glob.glob(f"/dev/shm/cram-tmp-run-*-{pid}.0-*"):
                shutil.rmtree(path, ignore_errors=True)

    def end(self):
        pass


class Node:
    """An agent in a network namespace of its own, on a bridge."""

    ever = 0  # the kernel takes its time to remove those of others

    def __init__(self, bridge, number, words, env, cwd, log):
        Node.ever += 1
        self.link = f"{bridge}.{Node.ever}"
        self.process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", 'read go && exec "$@"', "sh",
             *words], cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=log,
            stderr=log)
        pid = str(self.process.pid)
        own = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{pid}/ns/net") != own, 60,
                   "no network namespace")
        inside = ["nsenter", "-t", pid, "-n", "ip"]
        for command in (
                ["ip", "link", "add", self.link, "master", bridge, "type",
                 "veth", "peer", "name", "eth0", "netns", pid],
                ["ip", "link", "set", self.link, "up"],
                [*inside, "addr", "add",
                 f"10.77.{number // 250}.{number % 250 + 1}/16",
                 "dev", "eth0"],
                [*inside, "link", "set", "eth0", "up"],
                [*inside, "link", "set", "lo", "up"]):
            subprocess.run(command, check=True)

    def go(self):
        self.process.stdin.write(b"go\n")
        self.process.stdin.close()

    def unplug(self):
        subprocess.run(["ip", "link", "del", self.link], check=False,
                       stderr=subprocess.DEVNULL)

    def plug(self, state):
        subprocess.run(["ip", "link", "set", self.link, state], check=False,
                       stderr=subprocess.DEVNULL)


class Nodes:
    """All that run at a time; like a process whose status is the first's."""

    def __init__(self, nodes):
        self.nodes = nodes
        self.pid = nodes[0].process.pid
        for node in nodes:
            node.go()

    def wait(self, seconds):
        end = time.monotonic() + seconds
        for node in self.nodes:
            node.process.wait(max(0, end - time.monotonic()))
        return self.nodes[0].process.returncode


class Agents(Alone):
    """An agent a node, each in its own network, as Slurm would start them."""
    name = "agents"
    faults = ("kill_agent", "kill_keeper", "kill_both", "stop_agent",
              "pause_agent", "cut_node", "cancel", "kill_starter", "fill_disk",
              "read_only")

    def __init__(self, build):
        super().__init__(build)
        self.bridge = f"c{os.getpid()}"
        self.runs = 0
        self.began = 0
        self.now = None
        subprocess.run(["ip", "link", "add", self.bridge, "type", "bridge"],
                       check=True)
        subprocess.run(["ip", "link", "set", self.bridge, "up"], check=True)

    def start(self, manifest, resume, directory, rng, ledger, log):
        return self.start_nodes(rng.randint(2, 6), rng.randint(1, 4), manifest,
                                resume, directory, ledger, log)

    def start_nodes(self, nodes, slots, manifest, resume, directory, ledger,
                    log):
        self.runs += 1
        self.began = int(time.time())
        if resume:
            manifest = f"{resume}/manifest.pb"
        words = [self.agent, f"--manifest={manifest}", f"--dir={directory}",
                 f"--slots={slots}"]
        words += [f"--resume={resume}"] if resume else []
        started = []
        for number in range(nodes):
            env = dict(self.env, LEDGER=ledger, SLURM_JOB_ID=str(self.runs),
                       SLURM_STEP_ID="0", SLURM_NODEID=str(number),
                       SLURM_LOCALID="0", SLURM_STEP_NUM_NODES=str(nodes),
                       SLURMD_NODENAME=f"node{number}")
            started.append(Node(self.bridge, number, words, env, self.work,
                                log))
        self.keepers += [node.process.pid for node in started]
        self.now = Nodes(started)
        return self.now

    def cancel(self, process):
        for node in process.nodes:
            send(node.process.pid, signal.SIGTERM)

    def kill_starter(self, process):
        """Everything at once."""
        for keeper, agent in self.agents():
            self.kill_both(keeper, agent)

    def kill_both(self, keeper, agent):
        """A node dies: nothing on it runs on."""
        for pid in super().kill_both(keeper, agent):
            send(pid, signal.SIGKILL)

    def settle(self):
        """With what the plugin does after a task that was killed."""
        super().settle()
        for node in self.now.nodes:
            node.unplug()
        self.run([self.agent, f"--sweep={self.began}"],
                 SLURM_JOB_ID=str(self.runs), SLURM_STEP_ID="0")
        if left := glob.glob(f"/dev/shm/cram-tmp-{self.runs}.0-*"):
            raise Broken(f"directories are left: {left}")

    def cut(self, whom, seconds):
        node = self.now.nodes[int(whom * len(self.now.nodes))]
        node.plug("down")
        time.sleep(seconds)
        node.plug("up")

    def cgroups(self):
        """Those of dead nodes died with them."""
        return []

    def clear(self):
        for path in super().cgroups():
            subprocess.run(["find", path, "-depth", "-type", "d", "-exec",
                            "rmdir", "{}", "+"], check=False,
                           stderr=subprocess.DEVNULL)

    def end(self):
        subprocess.run(["ip", "link", "del", self.bridge], check=False)


class Slurm(Alone):
    """srun on a private Slurm."""
    name = "srun"
    faults = ("kill_agent", "kill_keeper", "kill_both", "stop_agent",
              "pause_agent", "kill_slurmd", "cancel", "kill_starter",
              "fill_disk", "read_only")

    def __init__(self, build, cluster):
        super().__init__(build)
        here = os.path.dirname(os.path.abspath(__file__))
        self.cluster = cluster
        self.script = f"{here}/../cluster/cluster"
        lines = subprocess.run(
            ["bash", "-c", f". {cluster}/env && env"], text=True, check=True,
            stdout=subprocess.PIPE).stdout.splitlines()
        self.slurm = dict(line.split("=", 1) for line in lines if "=" in line)
        self.user_name = self.slurm["CLUSTER_USER"]

    def prepare(self, work):
        super().prepare(work)
        subprocess.run(["chown", "-R", self.user_name, work], check=True)

    def root(self, *words):
        return subprocess.run(words, env=self.slurm, text=True, check=False,
                              stdout=subprocess.PIPE).stdout

    def user(self, *words):
        return [self.script, "run", self.cluster, "env", "-C", self.work,
                *words]

    def start(self, manifest, resume, directory, rng, ledger, log):
        words = ["srun", f"-N{rng.randint(1, 4)}", "-c2",
                 f"--cram-dir={directory}"]
        words += [f"--cram-resume={resume}"] if resume else [
            f"--cram={manifest}"]
        return subprocess.Popen(
            self.user(f"LEDGER={ledger}", f"CRAM_PATIENCE={PATIENCE}", *words),
            stdout=log, stderr=log)

    def agents(self):
        pids = [int(pid) for pid in
                self.root(self.script, "processes", self.cluster).split()
                if "cram-agent" in command_line(pid)[0]]
        return keepers_and_agents(pids)

    def cancel(self, process):
        self.root("scancel", "--user", self.user_name)

    def kill_slurmd(self, whom, seconds):
        """It comes back, as the machine's service manager would see to."""
        nodes = self.slurm["CLUSTER_NODES"].split()
        node = nodes[int(whom * len(nodes))]
        path = f"{self.cluster}/pid/slurmd.{node}"
        with open(path, encoding="ascii") as file:
            pid = int(file.read())
        words, env = command_line(pid)[:-1], environment(pid)
        send(pid, signal.SIGKILL)
        time.sleep(seconds)
        with open(f"{self.cluster}/log/slurmd.{node}.out", "ab") as log:
            again = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=log,
                                     start_new_session=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(f"{again.pid}\n")

    def queue_is_empty(self):
        # What an srun leaves that is killed between allocation and step Slurm
        # keeps, unless the site has an InactiveLimit.
        if not self.root("squeue", "-h", "--steps"):
            self.root("scancel", "--user", self.user_name)
        return not self.root("squeue", "-h")

    def settle(self):
        wait_until(self.queue_is_empty, 180, "the queue is not empty")
        wait_until(
            lambda: not self.root(self.script, "processes", self.cluster), 120,
            "processes are left")
        wait_until(lambda: set(self.root("sinfo", "-h", "-N", "-o", "%T")
                               .split()) == {"idle"}, 180, "nodes are not idle")

    def cgroups(self):
        return [path for node in self.slurm["CLUSTER_NODES"].split()
                for path in glob.glob(
                    f"/sys/fs/cgroup/memory/slurm_{node}/**/cram*",
                    recursive=True)]
