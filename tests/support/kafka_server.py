"""A real Apache Kafka (KRaft: broker and controller in one process) on free ports of 127.0.0.1."""

import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException, TopicPartition

from tests.support.jars import java, kafka_classpath
from tests.support.kafka_cluster import KafkaCluster
from tests.support.ports import answers, free_ports
from tests.support.process import ServerProcess
from tests.support.tls import make_certificates

USER = "streamer"
PASSWORD = "correct-horse"
_LOG4J = Path(__file__).resolve().parents[2] / "tools" / "kafka" / "log4j2.properties"

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false

# one broker, so one replica of everything, and few partitions that need a file each
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

# a broker that was killed is let in again soon
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500

# members join at once, and a killed one is missed soon
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.session.timeout.ms=6000
group.consumer.min.heartbeat.interval.ms=200
group.consumer.heartbeat.interval.ms=1000

# nothing is dropped for its age, as tests choose timestamps; a topic with a retention of its own meets it in seconds
log.initial.task.delay.ms=200
log.retention.ms=-1
log.retention.check.interval.ms=1000
log.cleaner.backoff.ms=200
log.cleaner.dedupe.buffer.size=16777216

sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasl_ssl.ssl.keystore.type=PEM
listener.name.sasl_ssl.ssl.keystore.location={keystore}
listener.name.sasl_ssl.plain.sasl.jaas.config={plain_login} required user_{user}="{password}";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={scram_login} required;
"""


class KafkaServer(KafkaCluster):
    """A broker of one's own: PLAINTEXT for most tests, SASL_SSL (PLAIN and SCRAM-SHA-512) beside it."""

    def __init__(self, folder: Path) -> None:
        plain, self._secure, controller = free_ports(3)
        super().__init__(f"127.0.0.1:{plain}")
        self.log = folder / "kafka.log"
        self.data = folder / "data"
        self._port = plain
        self._properties = folder / "server.properties"
        self._certificates = make_certificates(folder)
        self._process = ServerProcess("Apache Kafka", self.log)
        text = _PROPERTIES.format(
            plain=plain,
            secure=self._secure,
            controller=controller,
            data=self.data,
            keystore=self._certificates.key_and_chain,
            plain_login="org.apache.kafka.common.security.plain.PlainLoginModule",
            scram_login="org.apache.kafka.common.security.scram.ScramLoginModule",
            user=USER,
            password=PASSWORD,
        )
        self._properties.write_text(text)

    def secure_client(self, mechanism: str = "SCRAM-SHA-512", password: str = PASSWORD) -> dict[str, Any]:
        """Settings for a client that connects by SASL over TLS; the mechanism is PLAIN or SCRAM-SHA-512."""
        return {
            "bootstrap.servers": f"127.0.0.1:{self._secure}",
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": mechanism,
            "sasl.username": USER,
            "sasl.password": password,
            "ssl.ca.location": str(self._certificates.authority),
            "log_level": 0,
        }

    @property
    def pid(self) -> int:
        """Process id of the running broker."""
        return self._process.pid

    def start(self) -> None:
        """Start it, on the data it had before if there is any, and wait until it answers."""
        if not self.data.exists():
            self._format()
        command = [*_java_command("-Xms256m", "-Xmx768m"), "kafka.Kafka", str(self._properties)]
        self._process.start(command, self._answers)

    def stop(self) -> None:
        """End it in order (SIGTERM), or by force when it takes too long."""
        self._process.stop()

    def kill(self) -> None:
        """End it at once (kill -9)."""
        self._process.kill()

    def restart(self) -> None:
        """End it if it still runs, and start it again on the same ports and data."""
        self.stop()
        self.start()

    def _format(self) -> None:
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        login = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
        tool = [*_java_command("-XX:TieredStopAtLevel=1"), "kafka.tools.StorageTool", "format"]
        command = [*tool, f"--cluster-id={cluster}", "-c", str(self._properties), "--add-scram", login]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(
                f"Apache Kafka could not format its storage:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )

    def _answers(self) -> bool:
        if not (answers(self._port) and answers(self._secure)):
            return False
        wanted = [TopicPartition("nothing", 0)]
        try:
            with self._outsider("nobody") as consumer:  # makes the broker open the topic that holds the groups' offsets
                return len(consumer.committed(wanted, timeout=5)) == 1
        except KafkaException:
            return False


def _java_command(*options: str) -> list[str]:
    return [java(), *options, "-XX:+UseSerialGC", f"-Dlog4j2.configurationFile={_LOG4J}", "-cp", kafka_classpath()]
